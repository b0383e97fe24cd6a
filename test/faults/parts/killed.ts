import { pause } from '@huiliu/testing';
import { Load } from '../harness/load';
import type { Random } from '../harness/random';
import { recount } from '../harness/recount';
import { faultTest } from '../harness/run';
import { say } from '../harness/say';
import type { DistributedWorld, World } from '../harness/world';

/** 2,000 messages over 200 conversations with 400 answers. */
const CROWD = { conversations: 200, messagesEach: 10, answersEach: 2, pages: 10 };
const KILLS = 6;

/** Ends a process without a chance to do anything more. A supervisor starts it again; the one process is started here. */
async function killOne(world: World, app: string): Promise<void> {
  say(`  kill -9 ${app}`);
  await world.system.kill(app);
  if (world.mode === 'embedded') await world.system.restart();
}

/** Ends the broker or the database server, at once or by asking, and brings it back after a while. */
export async function restartService(
  world: DistributedWorld,
  which: 'broker' | 'database',
  random: Random,
  awayMs = 1_000,
): Promise<void> {
  const { service } = world[which];
  const hard = random.next() < 0.5;
  say(`  ${which} ${hard ? 'killed' : 'stopped'}, away for ${awayMs} ms`);
  await (hard ? service.kill() : service.stop());
  await pause(awayMs);
  await service.bringBack();
}

/** One fault after the other, at random moments, while everybody writes. */
async function during(load: Load, random: Random, faults: readonly (() => Promise<void>)[]): Promise<void> {
  for (const fault of random.shuffled(faults)) {
    await pause(random.between(300, 4_000));
    await fault();
  }
  say(`  ${load.acknowledged} acknowledged when the last fault was over`);
}

/** The one process, again and again. */
export function killedEmbedded(world: () => World): void {
  faultTest('kill -9 of the one process, again and again: nothing acknowledged is missing', async (random) => {
    const load = await Load.start(world(), { ...CROWD, perSecond: 100 });
    await during(
      load,
      random,
      Array.from({ length: KILLS }, () => () => killOne(world(), 'suite')),
    );
    await load.finished();
    expect(await recount(world(), load)).toEqual([]);
  });
}

/** Each process in turn, and the broker and the database once each. */
export function killedDistributed(world: () => DistributedWorld): void {
  faultTest(
    'kill -9 of each process, broker and database restarted: nothing acknowledged is missing',
    async (random) => {
      const load = await Load.start(world(), { ...CROWD, perSecond: 60 });
      const apps = world().system.apps();
      await during(load, random, [
        ...apps.map((app) => () => killOne(world(), app)),
        () => killOne(world(), 'inbox'),
        () => restartService(world(), 'broker', random),
        () => restartService(world(), 'database', random),
      ]);
      await load.finished();
      expect(await recount(world(), load)).toEqual([]);
    },
  );
}
