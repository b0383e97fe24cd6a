import { pause } from '@huiliu/testing';
import { Load, type LoadOptions } from '../harness/load';
import type { Random } from '../harness/random';
import { recount } from '../harness/recount';
import { faultTest } from '../harness/fault-test';
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

/** The one process, again and again. Answers what is wrong. */
export async function oneProcessKilled(
  world: World,
  random: Random,
  crowd: LoadOptions,
  kills: number,
): Promise<string[]> {
  const load = await Load.start(world, crowd);
  await during(
    load,
    random,
    Array.from({ length: kills }, () => () => killOne(world, 'suite')),
  );
  await load.finished();
  return recount(world, load);
}

/** Everybody says everything twice under the same clientId. Answers what is wrong. */
export async function everythingTwice(world: World): Promise<string[]> {
  const load = await Load.start(world, {
    conversations: 20,
    messagesEach: 10,
    answersEach: 5,
    perSecond: 200,
    pages: 5,
    again: true,
  });
  await load.finished();
  return recount(world, load, { settleMs: 30_000 });
}

/** What is posted again is there once. */
export function repeated(world: () => World): void {
  faultTest('everything posted twice: stored, shown and answered once', async () => {
    expect(await everythingTwice(world())).toEqual([]);
  });
}

export function killedEmbedded(world: () => World): void {
  faultTest('kill -9 of the one process, again and again: nothing acknowledged is missing', async (random) => {
    expect(await oneProcessKilled(world(), random, { ...CROWD, perSecond: 100 }, KILLS)).toEqual([]);
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
