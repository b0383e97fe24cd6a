import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Account } from '@huiliu/contracts';
import { call, eventually, expectStatus, pause, uniqueName } from '@huiliu/testing';
import type { Schedule } from '../../../apps/sandbox/src/platforms/control-shapes';
import { Faults } from '../../../apps/sandbox/src/platforms/faults';
import type { Platform } from '../../../apps/sandbox/src/platforms/platform';
import { PLATFORMS } from '../../../apps/sandbox/src/platforms/platforms';
import { deliver } from '../../../apps/sandbox/src/platforms/pusher';
import { connectorFolders } from '../../lib/connector-folders';
import { say } from './say';
import type { World } from './world';

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
export type Tell = (customer: string, text: string) => Promise<boolean>;

/** A platform that we play here ourselves, with an account of it: it lives on whatever becomes of the product. */
export async function playedHere(
  world: World,
  platform: Platform,
  schedule: Schedule,
): Promise<{ account: Account; tell: Tell }> {
  const { account, config } = await openPushedAccount(world, platform.channel);
  const played = platform.open({
    id: account.id,
    name: account.name,
    config,
    folder: path.join(tmpdir(), account.id),
    faults: new Faults(),
    sandboxUrl: () => world.system.baseUrl,
  });
  const address = `${world.system.baseUrl}/webhooks/${platform.channel}/${account.id}`;
  const tell: Tell = async (customer, text) => {
    const push = played.say({ customer, kind: 'text', text }, { nowMs: Date.now() });
    return push !== null && (await deliver(address, push, schedule)).taken;
  };
  return { account, tell };
}

/** An account that is registered at the sandbox, once both ends know it. */
export async function openPushedAccount(
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

/** Customers who write, each one thing after the other was taken, until they are told to stop; then all of it is counted again. */
export class Pushing {
  private readonly said: ReadonlyMap<string, string[]>;
  private readonly all: Promise<unknown>;
  private readonly wrong: string[] = [];
  private writing = true;

  private constructor(
    private readonly world: World,
    private readonly account: Account,
    private readonly tell: Tell,
    private readonly pace: { readonly customers: number; readonly atLeast: number; readonly everyMs: number },
  ) {
    this.said = new Map(Array.from({ length: pace.customers }, () => [uniqueName('c'), []]));
    this.all = Promise.all([...this.said.keys()].map((customer) => this.write(customer)));
  }

  /** `atLeast` of each customer, `everyMs` between them. */
  static start(
    world: World,
    { account, tell }: { account: Account; tell: Tell },
    pace: { readonly customers: number; readonly atLeast: number; readonly everyMs: number },
  ): Pushing {
    return new Pushing(world, account, tell, pace);
  }

  /** How many were taken. */
  get taken(): number {
    return [...this.said.values()].reduce((sum, texts) => sum + texts.length, 0);
  }

  /** Answers what is wrong, once all is stored. */
  async stop(): Promise<string[]> {
    this.writing = false;
    await this.all;
    const stored = await eventually(
      'all of it is stored',
      async () => {
        const found = await this.stored();
        return found.flat().length >= this.taken && found;
      },
      90_000,
    ).catch(() => this.stored());
    const { length: messages } = stored.flat();
    say(`  ${this.account.channel}: ${this.taken} pushes taken, ${messages} stored in ${stored.length} conversations`);
    for (const [customer, texts] of this.said) {
      const found = stored.find(([first]) => first?.startsWith(`${customer} `)) ?? [];
      if (found.join('\n') !== texts.join('\n'))
        this.wrong.push(`${customer}: said ${texts.length}, stored ${found.length}: ${differenceOf(texts, found)}`);
    }
    return this.wrong;
  }

  private async write(customer: string): Promise<void> {
    for (let n = 0; n < this.pace.atLeast || this.writing; n++) {
      const text = `${customer} ${n}`;
      if (await this.tell(customer, text)) this.said.get(customer)?.push(text);
      else this.wrong.push(`${text}: not taken`);
      if (this.pace.everyMs > 0) await pause(this.pace.everyMs);
    }
  }

  /** The texts of each conversation, in its order. */
  private async stored(): Promise<string[][]> {
    const { admin } = this.world.stage;
    const conversations = await admin.conversations(`accountId=${this.account.id}`);
    return Promise.all(
      conversations.map(async ({ id }) => (await admin.messages(id)).map(({ content }) => content.text)),
    );
  }
}

function differenceOf(said: readonly string[], stored: readonly string[]): string {
  const missing = said.filter((text) => !stored.includes(text));
  const doubled = stored.filter((text, at) => stored.indexOf(text) !== at);
  if (missing.length > 0) return `missing ${missing.join(', ')}`;
  return doubled.length > 0 ? `twice ${doubled.join(', ')}` : 'in another order';
}
