import type { AccountState } from '@huiliu/contracts';
import type { AccountContext, ConnectorError } from '@huiliu/connector-kit';

/** A connection that broke is mostly back before anybody could look. */
const SHOWN_AFTER = 3;
const PASSING = new Set(['closed', 'ECONNREFUSED', 'ECONNRESET', 'EConnectionClosed', 'NoConnection']);

interface Trouble {
  readonly state: AccountState;
  readonly text: string;
}

/** What is left is soon taken by a single mail. */
const FULL = 0.98;

/** How a mailbox is: receiving and sending fail apart from each other, and the account shows both, and that there is no room for more. */
export class AccountHealth {
  private receiving: Trouble | null = null;
  private sending: Trouble | null = null;
  private room: Trouble | null = null;
  private progress: { done: number; total: number } | undefined;
  private failures = 0;

  constructor(private readonly report: AccountContext['report']) {}

  receives(progress: { done: number; total: number } | null): void {
    this.failures = 0;
    this.receiving = null;
    this.progress = progress ?? undefined;
    this.tell();
  }

  receivesNot(error: ConnectorError): void {
    this.failures++;
    if (PASSING.has(error.code) && this.failures < SHOWN_AFTER) return;
    this.receiving = troubleOf(error);
    this.tell();
  }

  sends(): void {
    if (this.sending === null) return;
    this.sending = null;
    this.tell();
  }

  /** What was wrong with a single mail is that mail's trouble. */
  sendsNot(error: ConnectorError): void {
    this.sending = troubleOf(error);
    this.tell();
  }

  /** `fullness` as the server tells it, 1 when nothing more goes in; null where it does not. */
  isFull(fullness: number | null): void {
    const before = this.room;
    this.room = roomOf(fullness);
    if (before?.text !== this.room?.text) this.tell();
  }

  /** What trying both has shown: the connection of the reader may not have noticed yet. */
  checked(found: {
    readonly receiving: ConnectorError | null;
    readonly sending: ConnectorError | null;
    readonly fullness: number | null;
  }): void {
    this.receiving = found.receiving === null ? null : troubleOf(found.receiving);
    this.sending = found.sending === null ? null : troubleOf(found.sending);
    if (found.receiving === null) this.room = roomOf(found.fullness);
    this.tell();
  }

  private tell(): void {
    const trouble = [this.receiving, this.sending, this.room].filter((one) => one !== null);
    const worst = trouble.find(({ state }) => state === 'error') ?? trouble[0];
    if (worst === undefined) this.report('ok', null, this.progress);
    else this.report(worst.state, trouble.map(({ text }) => text).join('\n'), this.progress);
  }
}

const troubleOf = (error: ConnectorError): Trouble => ({
  // What does not mend itself is an error.
  state: error.kind === 'auth' || error.kind === 'rejected' ? 'error' : 'degraded',
  text: error.message,
});

/** Nothing is lost yet, and what comes next is turned away. */
function roomOf(fullness: number | null): Trouble | null {
  if (fullness === null || fullness < FULL) return null;
  const percent = `${Math.floor(fullness * 100)}%`;
  return {
    state: 'degraded',
    text:
      `邮箱已满（${percent}）：新邮件会被退回，请清理邮箱或扩容。` +
      ` The mailbox is full (${percent}): new mails are turned away; make room in it or have it enlarged.`,
  };
}
