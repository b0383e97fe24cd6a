import { call, expectStatus, pause } from '@huiliu/testing';
import { openPushedAccount, playedHere, Pushing, type PushedChannel, type Tell } from './harness/pushing';
import type { Random } from './harness/random';
import { say } from './harness/say';
import type { DistributedWorld, World } from './harness/world';

/** More stubborn than any platform: a push is tried until it is taken, longer than a process is away. */
const SCHEDULE = { answerMs: 5_000, pauseMs: 6_000, tries: 10 };
const CUSTOMERS = 40;
const EACH = 15;
const KILLS = 3;

/** The one process is killed while the platform, which we play here ourselves, pushes and repeats. Answers what is wrong. */
export async function killedUnderPushes(world: World, random: Random, { platform }: PushedChannel): Promise<string[]> {
  const here = await playedHere(world, platform, SCHEDULE);
  const kill = async (): Promise<void> => {
    await world.system.kill('suite');
    await world.system.restart();
  };
  return burst(
    world,
    random,
    here,
    Array.from({ length: KILLS }, () => kill),
  );
}

/** The connector, the edge and the inbox are killed while the sandbox, which lives on, pushes and repeats. Answers what is wrong. */
export async function killedBehindPushes(
  world: DistributedWorld,
  random: Random,
  { platform, app }: PushedChannel,
): Promise<string[]> {
  const { account } = await openPushedAccount(world, platform.channel);
  const sandbox = world.system.processes().find((running) => running.app === 'sandbox');
  const path = `/sandbox/api/platforms/${platform.channel}/${account.id}`;
  // Past the edge: it is one of those that end.
  const ask = <T>(method: string, what: string, json: object) =>
    call<T>(`http://127.0.0.1:${sandbox?.port}`, method, `${path}/${what}`, { json, timeoutMs: 120_000 });
  expectStatus(await ask('PUT', 'settings', { schedule: SCHEDULE }), 200);
  const tell: Tell = async (customer, text) => {
    const [push] = expectStatus(await ask<{ taken: boolean }[]>('POST', 'say', { customer, kind: 'text', text }), 200);
    // A callback that was lost is none of a message that is pulled.
    return platform.pulled === true || (push?.taken ?? false);
  };
  const apps = [...Array.from({ length: KILLS }, () => app), 'edge', 'inbox'];
  return burst(
    world,
    random,
    { account, tell },
    apps.map((one) => async () => {
      say(`  kill -9 ${one}`);
      await world.system.kill(one);
      await world.system.restart();
    }),
  );
}

/** Everyone writes while processes end. */
async function burst(
  world: World,
  random: Random,
  customers: Parameters<typeof Pushing.start>[1],
  kills: readonly (() => Promise<void>)[],
): Promise<string[]> {
  const pushing = Pushing.start(world, customers, { customers: CUSTOMERS, atLeast: EACH, everyMs: 0 });
  for (const kill of random.shuffled(kills)) {
    await pause(random.between(300, 1_500));
    await kill();
  }
  return pushing.stop();
}
