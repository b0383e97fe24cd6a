import { eventually, pause } from '@huiliu/testing';
import { Load, type LoadOptions } from '../harness/load';
import type { Network } from '../harness/proxy';
import { playedHere, Pushing, PUSHED_WHOLE } from '../harness/pushing';
import type { Random } from '../harness/random';
import { recount } from '../harness/recount';
import { faultTest } from '../harness/fault-test';
import { say } from '../harness/say';
import type { DistributedWorld } from '../harness/world';

const TALK: LoadOptions = { conversations: 40, perSecond: 40, pages: 5 };
const BROKER_AWAY_MS = 20_000;
/** A platform waits five seconds, and here it does not ask a second time. */
const ONE_TRY = { answerMs: 5_000, pauseMs: 0, tries: 1 };
const PUSHES = { customers: 10, atLeast: 1, everyMs: 500 };
/** How many messages, answered or not, are enough to say that everyone writes. */
const SOME = 80;

/** The broker does what it is asked, and some of its answers get lost: to whoever publishes (to one topic). Answers what is wrong. */
export async function answersSwallowed(
  world: DistributedWorld,
  random: Random,
  answers: number,
  topic?: string,
): Promise<string[]> {
  const load = await Load.start(world, { ...TALK, perSecond: 120 });
  const { network: way } = world.broker;
  const most = way.swallowed + answers;
  for (let swallowed = way.swallowed + 1; swallowed <= most; swallowed++) {
    await heard(load, load.acknowledged + random.between(10, SOME));
    way.swallow(topic);
    await eventually('an answer is swallowed', () => way.swallowed >= swallowed);
    await heard(load, load.acknowledged + SOME);
  }
  await load.stop();
  return recount(world, load, { settleMs: 45_000 });
}

/** The broker goes away, and a moment later a connector that keeps what it is told on its disk dies. Answers what is wrong. */
export async function spoolingKilled(world: DistributedWorld): Promise<string[]> {
  const load = await Load.start(world, TALK);
  await heard(load, SOME);
  await world.broker.service.stop();
  await heard(load, load.acknowledged + SOME);
  await world.system.kill('connector-webchat');
  await world.broker.service.bringBack();
  await world.system.restart();
  await load.stop();
  return recount(world, load, { settleMs: 30_000 });
}

/** Broker, database and the way to them fail while everybody writes. */
export function network(world: () => DistributedWorld): void {
  faultTest(
    'Kafka down for 20 s, a connector killed meanwhile: platforms and visitors get their answer, all arrives in order afterwards',
    async () => {
      const load = await Load.start(world(), TALK);
      const pushing: Pushing[] = [];
      for (const { platform } of PUSHED_WHOLE)
        pushing.push(Pushing.start(world(), await playedHere(world(), platform, ONE_TRY), PUSHES));
      await heard(load, SOME);
      await world().broker.service.stop();
      const [downMs, before] = [Date.now(), load.acknowledged];
      const [refused, slowest] = [refusals(load), load.slowestMs.restart()];
      const takenBefore = pushing.map(({ taken }) => taken);
      await pause(BROKER_AWAY_MS / 2);
      const meanwhile = load.acknowledged - before;
      say(`  ${meanwhile} acknowledged while it was away, the slowest after ${slowest()} ms`);
      expect(refusals(load) - refused).toBe(0);
      expect(meanwhile).toBeGreaterThan(SOME);
      // And no platform had to come a second time.
      const taken = pushing.map((one, at) => one.taken - (takenBefore[at] ?? 0));
      say(`  ${taken.join(', ')} pushes taken meanwhile`);
      expect(Math.min(...taken)).toBeGreaterThan(PUSHES.customers);
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
      expect((await Promise.all(pushing.map((one) => one.stop()))).flat()).toEqual([]);
      expect(await recount(world(), load)).toEqual([]);
    },
  );

  faultTest('produce answers swallowed under concurrent publishes: nothing acknowledged is missing', async (random) => {
    expect(await answersSwallowed(world(), random, 3)).toEqual([]);
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
        // A cut would end what was forgotten: the last connections must be given up by whoever waits on them.
        for (const weather of [...random.shuffled(weathers), { is: 'silent' } as const]) {
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
