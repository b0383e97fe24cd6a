import type { AccountState } from '@huiliu/contracts';
import type { AccountContext, ConnectorError } from '@huiliu/connector-kit';

/** A connection that broke is mostly back before anybody could look. */
const SHOWN_AFTER = 3;
const PASSING = new Set(['closed', 'ECONNREFUSED', 'ECONNRESET', 'EConnectionClosed', 'NoConnection']);

interface Trouble {
  readonly state: AccountState;
  readonly text: string;
}

/** How a mailbox is: receiving and sending fail apart from each other, and the account shows both. */
export class AccountHealth {
  private receiving: Trouble | null = null;
  private sending: Trouble | null = null;
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

  private tell(): void {
    const trouble = [this.receiving, this.sending].filter((one) => one !== null);
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
