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

type Customers = Parameters<typeof Pushing.start>[1];

/** The one process is killed while the platform, which we play here ourselves, pushes and repeats. Answers what is wrong. */
export async function killedUnderPushes(world: World, random: Random, { platform }: PushedChannel): Promise<string[]> {
  const pushing = start(world, await playedHere(world, platform, SCHEDULE));
  for (let nth = 0; nth < KILLS; nth++) {
    await pause(random.between(300, 1_500));
    await world.system.kill('suite');
    await world.system.restart();
  }
  return pushing.stop();
}

/**
 * Connectors, the edge and the inbox are killed while the sandbox, which lives on, pushes and repeats for all these platforms at once. Answers
 * what is wrong.
 */
export async function killedBehindPushes(
  world: DistributedWorld,
  random: Random,
  channels: readonly PushedChannel[],
): Promise<string[]> {
  const customers: Customers[] = [];
  for (const channel of channels) customers.push(await playedBySandbox(world, channel));
  const all = customers.map((one) => start(world, one));
  const connectors = [...new Set(channels.map(({ app }) => app))];
  for (const app of random.shuffled([...Array.from({ length: KILLS }, () => connectors).flat(), 'edge', 'inbox'])) {
    await pause(random.between(300, 1_500));
    say(`  kill -9 ${app}`);
    await world.system.kill(app);
    await world.system.restart();
  }
  return (await Promise.all(all.map((pushing) => pushing.stop()))).flat();
}

async function playedBySandbox(world: DistributedWorld, { platform }: PushedChannel): Promise<Customers> {
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
  return { account, tell };
}

/** Everyone writes, while processes end. */
const start = (world: World, customers: Customers): Pushing =>
  Pushing.start(world, customers, { customers: CUSTOMERS, atLeast: EACH, everyMs: 0 });
