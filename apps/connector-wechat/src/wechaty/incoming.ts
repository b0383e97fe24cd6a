import { setTimeout as wait } from 'node:timers/promises';
import type { AccountContext } from '@huiliu/connector-kit';
import type { PuppetClient } from './client';
import type { definition, WechatyConfig } from './definition';
import type { Echoes } from './echoes';
import { eventsOf, type Said } from './inbound';
import { MESSAGE } from './puppet';

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;
/** A message that the puppet does not tell after so many tries is one that it does not have. */
const MOST_TRIES = 30;

/**
 * The messages of an account, one after the other as they came: read at the puppet, and published before the next one is. The puppet
 * keeps nothing and is told nothing, so what could not be read or published is tried again here, over a new connection too.
 */
export class Incoming {
  private line: Promise<void> = Promise.resolve();
  private readonly stopped = new AbortController();

  constructor(
    private readonly context: AccountContext<WechatyConfig, typeof definition>,
    private readonly echoes: Echoes,
    private readonly client: () => PuppetClient | null,
  ) {}

  take(id: string): void {
    this.line = this.line.then(() => this.bring(id));
  }

  /** What is waiting is left. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.line;
  }

  private async bring(id: string): Promise<void> {
    const said = await this.repeat(id, MOST_TRIES, () => {
      const client = this.client();
      if (client === null) throw new Error('no connection');
      return client.said(id);
    });
    if (said === null || (said.room !== null && !this.context.account.config.groups)) return;
    await this.repeat(id, Infinity, async () => {
      if (said.self && (await this.isEcho(said))) return;
      await this.context.publish(eventsOf(said, this.context.clock.now()));
    });
  }

  private async isEcho(said: Said): Promise<boolean> {
    if (said.type === MESSAGE.recalled) return false;
    const conversation = said.room?.id ?? said.listener?.id ?? '';
    const text = said.type === MESSAGE.text ? said.text : null;
    if (this.echoes.claims(conversation, text, said.id)) return true;
    return (await this.context.sentByUs([said.id])).has(said.id);
  }

  /** Null when it was given up. */
  private async repeat<T>(id: string, tries: number, work: () => Promise<T>): Promise<T | null> {
    const { accountId, logger } = { accountId: this.context.account.id, logger: this.context.logger };
    for (let n = 1, delay = FIRST_DELAY_MS; !this.stopped.signal.aborted; n++) {
      try {
        return await work();
      } catch (error) {
        if (n >= tries) {
          logger.error(
            { err: error, accountId, remoteId: id },
            'a message cannot be read at the puppet and is given up',
          );
          return null;
        }
        if (n === 1) logger.warn({ err: error, accountId, remoteId: id }, 'a message cannot be taken yet');
      }
      await wait(delay, undefined, { signal: this.stopped.signal, ref: false }).catch(() => undefined);
      delay = Math.min(LONGEST_DELAY_MS, delay * 2);
    }
    return null;
  }
}
