import type { Envelope } from '@huiliu/contracts';
import { Screens } from '../lib/agents-screens';
import { BenchProcess } from '../lib/child';
import { CpuMeter } from '../lib/cpu';
import { openDesk } from '../lib/desk';
import { floorResult, type Round } from '../lib/floor-result';
import { Latencies } from '../lib/histogram';
import { clientIdOf, conversationsOf, idOf, textOf, type BenchConversation } from '../lib/messages';
import { interleave } from '../lib/pairs';
import { addressOf, startDistributedProduct } from '../lib/product';
import { PAIRS, say, type Scene } from '../lib/scene';
import { startServices } from '../lib/services';
import { benchKafka } from '../lib/topic-reader';

const AGENTS = 100;
const CONVERSATIONS = 200;
/** Records that may be on their way: enough that nobody waits for the next, too few to fill a socket. */
const WINDOW = 400;
const AT_ONCE = 100;
const WARM_UP = 1_000;
const LEAST = 2_000;

/** A source of records: how many are handed on, `from` counts from 0. */
type Source = (from: number, count: number) => Promise<void>;

/**
 * Facts about messages come to the gateway as they always do (`inbox.events`), and go to a hundred agents who may all see them. The floor
 * gets the same facts in memory. Both are kept at most 400 records ahead of the slowest screen.
 */
export const push: Scene = async ({ seconds, seed }) => {
  const services = await startServices();
  const product = await startDistributedProduct(services);
  const producer = benchKafka(services.brokers).producer();
  const opened: { close(): Promise<void> }[] = [];
  try {
    await producer.connect();
    const desk = await openDesk(product, AGENTS);
    const floor = await BenchProcess.start('floor', 'floors/push');
    opened.push(floor);
    const conversations = conversationsOf(`${seed}/push`, CONVERSATIONS);
    const fact = (i: number): Envelope =>
      factOf(desk.accountId, conversations[i % CONVERSATIONS]!, Math.floor(i / CONVERSATIONS));
    const latencies = new Latencies();

    const sides = {
      floor: {
        screens: await Screens.open(desk.agents.map(() => `ws://127.0.0.1:${floor.port}/`)),
        processes: [{ name: 'floor', pid: floor.pid }],
        sent: 0,
        source: (async (from, count) => {
          const records = Array.from({ length: count }, (_, i) => fact(from + i).data as { message: object });
          floor.say({ type: 'push', records: records.map(({ message }) => message) });
        }) satisfies Source,
      },
      system: {
        // The gateway itself, as the floor: what stands in front of it is measured by `website`.
        screens: await Screens.ofAgents(desk.agents, addressOf(product, 'inbox')),
        processes: product.processes(),
        sent: 0,
        source: (async (from, count) => {
          const messages = Array.from({ length: count }, (_, i) => fact(from + i)).map((envelope) => ({
            key: envelope.key,
            value: JSON.stringify(envelope),
          }));
          await producer.sendBatch({ acks: -1, topicMessages: [{ topic: 'inbox.events.v1', messages }] });
        }) satisfies Source,
      },
    };
    opened.push(sides.floor.screens, sides.system.screens);

    const run = async (side: (typeof sides)['floor' | 'system'], records: number): Promise<Round> => {
      const { screens, source } = side;
      const upTo = side.sent + records;
      await screens.begin({ expected: upTo });
      const meter = new CpuMeter([
        ...side.processes,
        ...services.processes,
        { name: 'watchers', pid: screens.process.pid },
      ]);
      const started = performance.now();
      while (side.sent < upTo) {
        const count = Math.min(AT_ONCE, upTo - side.sent);
        const before = performance.now();
        await source(side.sent, count);
        side.sent += count;
        await screens.shown(side.sent - WINDOW);
        if (side === sides.system) latencies.record(performance.now() - before);
      }
      await screens.shown(upTo);
      const seconds_ = (performance.now() - started) / 1000;
      const cpu = meter.read();
      const sent = new Map<string, number>();
      for (let i = 0; i < upTo; i++) {
        const { id } = conversations[i % CONVERSATIONS]!;
        sent.set(id, (sent.get(id) ?? 0) + 1);
      }
      const { counts } = await screens.report(sent);
      const deliveries = records * AGENTS;
      return { rate: deliveries / seconds_, counts, cpu, messages: deliveries };
    };

    await run(sides.floor, WARM_UP);
    const warm = await run(sides.system, WARM_UP);
    const records = Math.max(LEAST, Math.round((warm.rate * seconds) / PAIRS / 2 / AGENTS));
    say(`push: ${records} records a round to ${AGENTS} agents`);
    const pairs = await interleave(
      PAIRS,
      () => run(sides.floor, records),
      () => run(sides.system, records),
    );
    const perDelivery = (rounds: readonly Round[], name: string): number =>
      rounds.reduce((sum, one) => sum + (one.cpu[name] ?? 0), 0) / rounds.reduce((sum, one) => sum + one.messages, 0);
    return floorResult(pairs, {
      scene: 'push',
      unit: 'deliveries/s',
      warm: [warm],
      latencyOf: 'a hundred records handed over until the screens are at most 400 records behind',
      latency: latencies.summary(),
      histogram: latencies.raw(),
      details: {
        floorCpuMicrosPerDelivery: perDelivery(pairs.floors, 'floor'),
        systemCpuMicrosPerDelivery: perDelivery(pairs.systems, 'inbox'),
        cpuRatio: perDelivery(pairs.floors, 'floor') / perDelivery(pairs.systems, 'inbox'),
      },
      settings: { seed, agents: AGENTS, conversations: CONVERSATIONS, recordsPerRound: records, window: WINDOW },
    });
  } finally {
    await Promise.all(opened.map((one) => one.close()));
    await producer.disconnect();
    await product.stop();
    await product.remove();
    await services.stop();
  }
};

/** A fact as the inbox tells it of a conversation that everybody may see. */
function factOf(accountId: string, { id, visitorId }: BenchConversation, nth: number): Envelope {
  const at = new Date().toISOString();
  const messageId = idOf(id, nth);
  return {
    id: idOf(id, nth, 'fact'),
    type: 'message.created',
    v: 1,
    key: id,
    occurredAt: at,
    traceparent: null,
    data: {
      message: {
        id: messageId,
        conversationId: id,
        seq: nth + 1,
        direction: 'inbound',
        author: { type: 'contact', id: visitorId, name: visitorId },
        content: { kind: 'text', text: textOf(nth) },
        state: 'received',
        error: null,
        remoteId: messageId,
        remoteIds: [],
        clientId: clientIdOf(nth),
        recalledAt: null,
        createdAt: at,
      },
      accountId,
      public: true,
      access: { assigneeId: null, teamId: null, accountId },
    },
  };
}
