import { eventually, pause } from '@huiliu/testing';
import { Load, type LoadOptions } from '../harness/load';
import type { Network } from '../harness/proxy';
import { recount } from '../harness/recount';
import { faultTest } from '../harness/run';
import { say } from '../harness/say';
import type { DistributedWorld } from '../harness/world';

const TALK: LoadOptions = { conversations: 40, perSecond: 40, pages: 5 };
const BROKER_AWAY_MS = 20_000;
/** How many messages, answered or not, are enough to say that everyone writes. */
const SOME = 80;

/** Broker, database and the way to them fail while everybody writes. */
export function network(world: () => DistributedWorld): void {
  faultTest(
    'Kafka down for 20 s, a connector killed meanwhile: visitors get their 202, all arrives in order afterwards',
    async () => {
      const load = await Load.start(world(), TALK);
      await heard(load, SOME);
      await world().broker.service.stop();
      const [downMs, before] = [Date.now(), load.acknowledged];
      const [refused, slowest] = [refusals(load), load.slowestMs.restart()];
      await pause(BROKER_AWAY_MS / 2);
      const meanwhile = load.acknowledged - before;
      say(`  ${meanwhile} acknowledged while it was away, the slowest after ${slowest()} ms`);
      expect(refusals(load) - refused).toBe(0);
      expect(meanwhile).toBeGreaterThan(SOME);
      // A connector that starts without the bus knows its accounts from before, and takes on what it had spooled.
      await world().system.kill('connector-webchat');
      const killedMs = Date.now();
      await eventually('it serves again', () => world().stage.visitor(load.account), BROKER_AWAY_MS);
      const acknowledged = load.acknowledged;
      say(`  a connector killed meanwhile serves again after ${Date.now() - killedMs} ms`);
      await heard(load, acknowledged + SOME);
      await pause(Math.max(0, BROKER_AWAY_MS - (Date.now() - downMs)));
      await world().broker.service.bringBack();
      await heard(load, load.acknowledged + SOME);
      await load.stop();
      expect(await recount(world(), load)).toEqual([]);
    },
  );

  faultTest('produce answers swallowed under concurrent publishes: nothing acknowledged is missing', async (random) => {
    const load = await Load.start(world(), { ...TALK, perSecond: 120 });
    const broker = world().broker.network;
    for (let swallowed = broker.swallowed + 1; swallowed <= 3; swallowed++) {
      await heard(load, load.acknowledged + random.between(10, SOME));
      broker.swallow(1);
      await eventually('an answer is swallowed', () => broker.swallowed >= swallowed);
      await heard(load, load.acknowledged + SOME);
    }
    await load.stop();
    expect(await recount(world(), load)).toEqual([]);
  });

  for (const which of ['broker', 'database'] as const) {
    faultTest(
      `the network to the ${which} slow, cut, and half-open: nothing acknowledged is missing`,
      async (random) => {
        const load = await Load.start(world(), TALK);
        const { network: way } = world()[which];
        const weathers: Network[] = [
          { is: 'slow', delayMs: random.between(50, 300) },
          { is: 'cut' },
          { is: 'silent' },
          { is: 'cut' },
        ];
        for (const weather of random.shuffled(weathers)) {
          await heard(load, load.acknowledged + SOME);
          const lastMs = random.between(2_000, 5_000);
          say(`  ${which} ${weather.is} for ${lastMs} ms`);
          await way.set(weather);
          await pause(lastMs);
          await way.heal();
          const healedMs = Date.now();
          await heard(load, load.acknowledged + SOME);
          say(`  everyone is heard again ${Date.now() - healedMs} ms after`);
        }
        await load.stop();
        expect(await recount(world(), load)).toEqual([]);
      },
    );
  }
}

/** Waits until so much is acknowledged in all. */
function heard(load: Load, acknowledged: number): Promise<true> {
  return eventually<true>(`${acknowledged} are acknowledged`, () => load.acknowledged >= acknowledged, 120_000);
}

/** How often a customer was not told 202. */
function refusals(load: Load): number {
  return [...load.answers]
    .filter(([kind]) => kind.startsWith('message ') && kind !== 'message 202')
    .reduce((sum, [, count]) => sum + count, 0);
}
