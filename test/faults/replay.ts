import {
  CHANNEL_INBOUND,
  CHANNEL_RECEIPTS,
  channelOutbound,
  INBOX_EVENTS,
  ROUTING_DECISIONS,
  ROUTING_WORK,
  type Conversation,
  type Envelope,
  type TopicSpec,
} from '@huiliu/contracts';
import { eventually, expectStatus, type AgentClient, type FrameSocket, type VisitorClient } from '@huiliu/testing';
import { assignedTo } from '../e2e/stage';
import type { RawRecord } from './harness/raw-topics';
import type { Inside, Mode } from './harness/inside';

const OUTBOUND = channelOutbound('connector-webchat');

/**
 * What may come again. On Kafka anything: a batch whose answer was lost stands in its topic twice. In one process the outbox is the topic,
 * so only what connectors publish, which their spool may repeat.
 */
const REPEATABLE: Record<Mode, readonly TopicSpec[]> = {
  embedded: [CHANNEL_INBOUND, CHANNEL_RECEIPTS],
  distributed: [CHANNEL_INBOUND, CHANNEL_RECEIPTS, OUTBOUND, ROUTING_WORK, ROUTING_DECISIONS, INBOX_EVENTS],
};

/** A conversation as anybody can see it: its messages up to a place, and whose it is while it is open. */
interface Seen {
  readonly lastSeq: number;
  readonly wasOpen: boolean;
  readonly text: string;
}

/**
 * Customers write, are answered, handed on and resolved; then every record of the topics comes again: the whole range in its order, and
 * the customers' once more in an order by chance. Answers what changed: nothing may.
 */
export async function nothingNew(world: Inside): Promise<string[]> {
  const { stage } = world;
  const { account, agent } = await stage.desk(500);
  const colleague = await stage.person('agent', 500);
  await stage.team([account], [colleague]);
  await colleague.setPresence('online');
  const visitors = await Promise.all(Array.from({ length: 12 }, () => stage.visitor(account)));
  await Promise.all(visitors.map((visitor, n) => live(world, visitor, n, [agent, colleague])));
  // What comes late of the last step has come.
  await settled(world, visitors);
  const screen = world.mode === 'distributed' ? await stage.admin.connect() : null;
  const before = await Promise.all(visitors.map((visitor) => look(world, visitor)));
  const commands = await commandsFor(world, visitors);
  const again: RawRecord[] = [];
  for (const topic of REPEATABLE[world.mode]) again.push(...asRecords(topic, await world.read(topic)));
  const inbound = asRecords(CHANNEL_INBOUND, await world.read(CHANNEL_INBOUND));
  await world.append([...again, ...world.random.shuffled(inbound)]);
  world.count('records repeated', again.length + inbound.length);

  // Whatever comes after the repeated records of its partition is handled after them.
  for (const visitor of visitors) await visitor.say('最后');
  await settled(world, visitors);
  const wrong: string[] = [];
  for (const [n, visitor] of visitors.entries()) {
    const since = (await stage.admin.messages(visitor.conversationId))
      .filter(({ seq, direction }) => seq > before[n]!.lastSeq && direction !== 'system')
      .map(({ content }) => content.text);
    if (since.join() !== '最后') wrong.push(`conversation ${n}: besides the last word there came ${since.join(', ')}`);
  }
  for (const [n, visitor] of visitors.entries()) {
    const now = await look(world, visitor, before[n]);
    if (now.text !== before[n]!.text) wrong.push(`conversation ${n} was\n${before[n]!.text}\nand is\n${now.text}`);
  }
  const more = (await commandsFor(world, visitors)) - commands;
  if (more > 0) wrong.push(`${more} more commands to the platform`);
  if (screen !== null) wrong.push(...twice(screen));
  await screen?.close();
  const listed = await stage.admin.get<{ items: unknown[] }>('/dlq');
  if (listed.items.length > 0) wrong.push(`parked: ${JSON.stringify(listed.items)}`);
  world.count('conversations', visitors.length);
  return wrong;
}

async function live(
  { stage }: Inside,
  visitor: VisitorClient,
  n: number,
  agents: readonly AgentClient[],
): Promise<void> {
  const id = visitor.conversationId;
  await visitor.say('你好');
  const owner = (await assignedTo(stage.admin, id)).assignee!.id;
  const [mine, other] = agents[0]!.me.id === owner ? agents : [agents[1]!, agents[0]!];
  for (let i = 1; i <= 3; i++) {
    await visitor.say(`问 ${i}`);
    expectStatus(await mine!.reply(id, `答 ${i}`), 201);
  }
  if (n % 3 === 1) await mine!.post(`/conversations/${id}/transfer`, { agentId: other!.me.id, note: '请看' });
  if (n % 3 === 2) {
    await mine!.post(`/conversations/${id}/resolve`);
    await visitor.say('又来了');
    await assignedTo(stage.admin, id);
    await mine!.post(`/conversations/${id}/resolve`);
  }
}

/** Every message that a customer was told is taken is stored, every answer is sent, and nothing of it waits to be routed. */
async function settled(world: Inside, visitors: readonly VisitorClient[]): Promise<void> {
  for (const visitor of visitors)
    await eventually(
      'everything has come to rest',
      async () => {
        const messages = await world.stage.admin.messages(visitor.conversationId);
        const texts = messages.map(({ content }) => content.text);
        const conversation = await world.stage.admin.conversation(visitor.conversationId);
        const open = conversation.status === 'open' && conversation.assignee === null;
        const asked = ['问 1', '问 2', '问 3'].every((text) => texts.includes(text));
        return asked && !open && messages.every(({ state }) => state === 'received' || state === 'sent');
      },
      30_000,
    );
}

/** `like`: as far, and as much of it, as was seen before. */
async function look({ stage }: Inside, { conversationId }: VisitorClient, like?: Seen): Promise<Seen> {
  const { assignee, status, session, teamId } = await stage.admin.conversation(conversationId);
  const messages = await stage.admin.messages(conversationId);
  const { items } = await stage.admin.get<{ items: unknown[] }>(`/conversations/${conversationId}/decisions`);
  const lastSeq = like?.lastSeq ?? messages.length;
  const wasOpen = like?.wasOpen ?? status === 'open';
  const lines = messages
    .filter(({ seq }) => seq <= lastSeq)
    .map(({ id, seq, state, createdAt, content }) => `${seq} ${id} ${state} ${createdAt} ${content.text}`);
  if (wasOpen) lines.push(`${status} ${assignee?.id} ${teamId} ${session?.id}, ${items.length} decisions`);
  return { lastSeq, wasOpen, text: lines.join('\n') };
}

async function commandsFor(world: Inside, visitors: readonly VisitorClient[]): Promise<number> {
  const ids = new Set(visitors.map(({ conversationId }) => conversationId));
  const all = await world.read<{ conversationId: string }>(OUTBOUND);
  return all.filter(({ data }) => ids.has(data.conversationId)).length;
}

const asRecords = (topic: TopicSpec, envelopes: readonly Envelope[]): RawRecord[] =>
  envelopes.map((envelope) => ({ topic: topic.name, key: envelope.key, value: JSON.stringify(envelope) }));

/** Frames of the record that a screen got more than once: a message made twice, or a conversation told again as it was. */
function twice(screen: FrameSocket): string[] {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const { type, data } of screen.frames) {
    if (type !== 'message.created' && type !== 'conversation.updated') continue;
    const { id, updatedAt } = data as Conversation;
    const name = `${type} ${id} ${updatedAt ?? ''}`;
    if (seen.has(name)) wrong.push(`a screen was told twice: ${name}`);
    seen.add(name);
  }
  return wrong;
}
