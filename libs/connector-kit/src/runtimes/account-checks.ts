import { Logger } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import type { MessageBus } from '@huiliu/bus';
import type { Signal } from '@huiliu/contracts';
import type { ChannelAnnouncer } from '../accounts/channel-announcer';
import type { AnyRuntime } from '../contract/runtime';
import type { LeaseBook } from '../leases/lease-book';
import { OwnedWork } from './owned-work';

/** A platform that has not answered by then does not answer: somebody waits at a screen. */
const CHECK_MS = 12_000;
const NO_ANSWER =
  `${CHECK_MS / 1000} 秒内没有应答：请检查服务器地址和端口。` +
  ` No answer within ${CHECK_MS / 1000} s: check host and port of the server.`;

/** An account that has just been changed, or changes hands, is there by then. */
const COMES_MS = 3_000;
const LOOK_AGAIN_MS = 200;

/** An account at work, as its checks see it. */
interface Checked {
  readonly runtime: AnyRuntime;
  /** Looks at the platform now, not after the back-off. */
  pull(hint: string | null): void;
}

/** What the checks ask of their host. */
interface Host {
  /** The account as it runs now. */
  running(accountId: string): Checked | undefined;
  /** The revision of its configuration that this process has acted on; 0 when it has none of the account. */
  revisionOf(accountId: string): number;
  readonly announcer: ChannelAnnouncer;
  readonly leases: Pick<LeaseBook, 'take'>;
  readonly bus: Pick<MessageBus, 'signal'>;
}

type Question = Omit<Extract<Signal, { type: 'account.check' }>, 'type'>;

/** Tries accounts when somebody asks how they are (signal `account.check`), in the one process that speaks for them; the outcome is their status. */
export class AccountChecks {
  private readonly logger = new Logger('AccountChecks');
  /** Under way; who asks meanwhile gets the same outcome. */
  private readonly trying = new Map<string, Promise<void>>();

  constructor(private readonly host: Host) {}

  /** Does nothing where another process speaks for the account, or none knows it. */
  async check({ accountId, revision, checkId }: Question): Promise<void> {
    try {
      if (!(await this.comesHere(accountId, revision))) return;
      if (checkId !== null) this.host.bus.signal({ type: 'account.checking', checkId } satisfies Signal);
      const key = `${accountId} ${revision}`;
      let trying = this.trying.get(key);
      if (trying === undefined)
        this.trying.set(key, (trying = this.try(accountId).finally(() => this.trying.delete(key))));
      await trying;
      if (checkId !== null) this.host.announcer.answer(accountId, checkId);
    } catch (error) {
      this.logger.warn({ err: error, accountId }, 'an account could not be checked');
    }
  }

  /** Whether this process speaks for the account, once it has acted on its configuration. */
  private async comesHere(accountId: string, revision: number): Promise<boolean> {
    const until = performance.now() + COMES_MS;
    while (this.host.revisionOf(accountId) < Math.max(1, revision) || !(await this.speaksFor(accountId))) {
      if (performance.now() >= until) return false;
      await wait(LOOK_AGAIN_MS, undefined, { ref: false });
    }
    return true;
  }

  /** Who reads the account; of one that nobody reads, whoever was asked first. */
  private async speaksFor(accountId: string): Promise<boolean> {
    const runtime = this.host.running(accountId)?.runtime;
    if (runtime !== undefined && OwnedWork.isFor(runtime)) return !this.host.announcer.isElsewhere(accountId);
    return (await this.host.leases.take(`speaker/${accountId}`)) !== null;
  }

  private async try(accountId: string): Promise<void> {
    const running = this.host.running(accountId);
    const { announcer } = this.host;
    // What could not even be opened says why already; what cannot be tried is as it is.
    if (running?.runtime.check === undefined) return;
    const { runtime } = running;
    const late = new AbortController();
    const outcome = await Promise.race([
      running.runtime.check().catch((error: unknown) => ({
        ok: false,
        error: error instanceof Error ? error.message : 'the check failed',
      })),
      wait(CHECK_MS, null, { signal: late.signal, ref: false }).catch(() => null),
    ]).finally(() => late.abort());
    if (this.host.running(accountId) !== running) return;
    if (outcome === null) announcer.report(accountId, 'degraded', NO_ANSWER);
    else if (runtime.reportsItself !== true) {
      if (!outcome.ok) announcer.report(accountId, 'error', outcome.error);
      // Good credentials are no open connection.
      else if (runtime.run === undefined) announcer.report(accountId, 'ok', null);
    }
    if (outcome?.ok === true) running.pull(null);
  }
}
