import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Account } from '@huiliu/contracts';
import { call, eventually, expectStatus, pause, uniqueName } from '@huiliu/testing';
import { Faults } from '../../apps/sandbox/src/platforms/faults';
import type { Platform } from '../../apps/sandbox/src/platforms/platform';
import { PLATFORMS } from '../../apps/sandbox/src/platforms/platforms';
import { deliver } from '../../apps/sandbox/src/platforms/pusher';
import { connectorFolders } from '../lib/connector-folders';
import type { Random } from './harness/random';
import { say } from './harness/say';
import type { DistributedWorld, World } from './harness/world';

/** More stubborn than any platform: a push is tried until it is taken, longer than a process is away. */
const SCHEDULE = { answerMs: 5_000, pauseMs: 6_000, tries: 10 };
const CUSTOMERS = 40;
const EACH = 15;
const KILLS = 3;

export interface PushedChannel {
  readonly channel: string;
  readonly app: string;
  readonly platform: Platform;
}

/** Every channel that takes webhooks and is played. */
export const PUSHED: readonly PushedChannel[] = connectorFolders().flatMap(({ app, definition }) => {
  const platform = PLATFORMS.find(({ channel }) => channel === definition.channel);
  return definition.ingress === 'webhook' && platform !== undefined
    ? [{ channel: platform.channel, app, platform }]
    : [];
});
/** Where messages are pulled they stay at the platform, and the sandbox that plays it ends together with the one process. */
export const PUSHED_WHOLE = PUSHED.filter(({ platform }) => platform.pulled !== true);

/** Says one thing as a customer; resolves to whether it must arrive: the push was taken in the end, or it waits to be pulled. */
type Say = (customer: string, text: string) => Promise<boolean>;

/** The one process is killed while the platform, which we play here ourselves, pushes and repeats. Answers what is wrong. */
export async function killedUnderPushes(world: World, random: Random, { platform }: PushedChannel): Promise<string[]> {
  const { account, config } = await openAccount(world, platform.channel);
  const played = platform.open({
    id: account.id,
    name: account.name,
    config,
    folder: path.join(tmpdir(), account.id),
    faults: new Faults(),
    sandboxUrl: () => world.system.baseUrl,
  });
  const address = `${world.system.baseUrl}/webhooks/${platform.channel}/${account.id}`;
  const tell: Say = async (customer, text) => {
    const push = played.say({ customer, kind: 'text', text }, { nowMs: Date.now() });
    return push !== null && (await deliver(address, push, SCHEDULE)).taken;
  };
  const kill = async (): Promise<void> => {
    await world.system.kill('suite');
    await world.system.restart();
  };
  return burst(
    world,
    random,
    account,
    tell,
    Array.from({ length: KILLS }, () => kill),
  );
}

/** The connector, the edge and the inbox are killed while the sandbox, which lives on, pushes and repeats. Answers what is wrong. */
export async function killedBehindPushes(
  world: DistributedWorld,
  random: Random,
  { platform, app }: PushedChannel,
): Promise<string[]> {
  const { account } = await openAccount(world, platform.channel);
  const sandbox = world.system.processes().find((running) => running.app === 'sandbox');
  const path = `/sandbox/api/platforms/${platform.channel}/${account.id}`;
  // Past the edge: it is one of those that end.
  const ask = <T>(method: string, what: string, json: object) =>
    call<T>(`http://127.0.0.1:${sandbox?.port}`, method, `${path}/${what}`, { json, timeoutMs: 120_000 });
  expectStatus(await ask('PUT', 'settings', { schedule: SCHEDULE }), 200);
  const tell: Say = async (customer, text) => {
    const [push] = expectStatus(await ask<{ taken: boolean }[]>('POST', 'say', { customer, kind: 'text', text }), 200);
    // A callback that was lost is none of a message that is pulled.
    return platform.pulled === true || (push?.taken ?? false);
  };
  const apps = [...Array.from({ length: KILLS }, () => app), 'edge', 'inbox'];
  return burst(
    world,
    random,
    account,
    tell,
    apps.map((one) => async () => {
      say(`  kill -9 ${one}`);
      await world.system.kill(one);
      await world.system.restart();
    }),
  );
}

/** Everyone writes, one thing after the other was taken, while processes end; then all of it is counted again. */
async function burst(
  world: World,
  random: Random,
  account: Account,
  tell: Say,
  kills: readonly (() => Promise<void>)[],
): Promise<string[]> {
  const wrong: string[] = [];
  const customers = Array.from({ length: CUSTOMERS }, () => uniqueName('c'));
  const said = new Map(customers.map((customer) => [customer, [] as string[]]));
  let writing = true;
  const write = async (customer: string): Promise<void> => {
    // At least so many, and as long as processes end.
    for (let n = 0; n < EACH || writing; n++) {
      const text = `${customer} ${n}`;
      if (await tell(customer, text)) said.get(customer)?.push(text);
      else wrong.push(`${text}: not taken after ${SCHEDULE.tries} tries`);
    }
  };
  const all = Promise.all(customers.map(write));
  for (const kill of random.shuffled(kills)) {
    await pause(random.between(300, 1_500));
    await kill();
  }
  writing = false;
  await all;
  const total = [...said.values()].reduce((sum, texts) => sum + texts.length, 0);
  const stored = await eventually(
    'all of it is stored',
    async () => {
      const found = await storedOf(world, account);
      return found.flat().length >= total && found;
    },
    90_000,
  ).catch(() => storedOf(world, account));
  say(`  ${total} pushes taken, ${stored.flat().length} messages stored in ${stored.length} conversations`);
  for (const [customer, texts] of said) {
    const found = stored.find(([first]) => first?.startsWith(`${customer} `)) ?? [];
    if (found.join('\n') !== texts.join('\n'))
      wrong.push(`${customer}: said ${texts.length}, stored ${found.length}: ${differenceOf(texts, found)}`);
  }
  return wrong;
}

async function openAccount(
  { stage }: World,
  channel: string,
): Promise<{ account: Account; config: Record<string, unknown> }> {
  const path = `/sandbox/api/platforms/${channel}`;
  const registered = await call<{ config: Record<string, unknown> }>(stage.baseUrl, 'POST', `${path}/registrations`);
  const { config } = expectStatus(registered, 200);
  const account = await stage.admin.post<Account>('/accounts', { channel, name: uniqueName(channel), config });
  const shaken = async (): Promise<boolean> =>
    (await call<{ ok: boolean }>(stage.baseUrl, 'POST', `${path}/${account.id}/handshake`)).body.ok;
  await eventually('both ends know the account', shaken, 30_000);
  return { account, config };
}

/** The texts of each conversation, in its order. */
async function storedOf({ stage }: World, account: Account): Promise<string[][]> {
  const conversations = await stage.admin.conversations(`accountId=${account.id}`);
  return Promise.all(
    conversations.map(async ({ id }) => (await stage.admin.messages(id)).map(({ content }) => content.text)),
  );
}

function differenceOf(said: readonly string[], stored: readonly string[]): string {
  const missing = said.filter((text) => !stored.includes(text));
  const doubled = stored.filter((text, at) => stored.indexOf(text) !== at);
  if (missing.length > 0) return `missing ${missing.join(', ')}`;
  return doubled.length > 0 ? `twice ${doubled.join(', ')}` : 'in another order';
}
