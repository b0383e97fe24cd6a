import { Logger } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { breaks, dieIfArmed } from '@huiliu/platform';
import type { AnyRuntime } from '../contract/runtime';
import type { AccountContext } from '../contract/context';
import { ConnectorError } from '../contract/errors';
import type { EventGate } from '../inbound/event-gate';
import { accountLease, type Held, type LeaseBook } from '../leases/lease-book';
import type { CursorStore } from './cursor-store';

const ASK_AGAIN_MS = 2_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** A failure that the next try may mend is not shown at once. */
const SHOWN_AFTER = 3;

/** What one process does for an account at a time: pulling by cursor, or holding a connection. With back-off, as long as it holds the lease. */
export class OwnedWork {
  private readonly logger = new Logger('OwnedWork');
  private readonly stopped = new AbortController();
  private loop: Promise<void> | null = null;
  private hint: string | null = null;
  private wanted = false;
  private wake: (() => void) | null = null;
  /** The lease that was held last: its signal. */
  private under: AbortSignal | null = null;

  constructor(
    private readonly account: { readonly id: string; readonly channel: string },
    private readonly context: AccountContext,
    private readonly runtime: AnyRuntime,
    private readonly leases: LeaseBook,
    private readonly cursors: CursorStore,
    private readonly gate: EventGate,
    /** Called whenever the account has come into this process's hands. */
    private readonly begins: () => void,
  ) {}

  /** Whether an account of this runtime is read by one process at a time. */
  static isFor(runtime: AnyRuntime): boolean {
    return runtime.run !== undefined || runtime.pull !== undefined;
  }

  start(): void {
    if (!OwnedWork.isFor(this.runtime)) return;
    this.loop = this.own();
  }

  /** Something waits at the platform: told to every process, heard by the one that holds the lease. */
  pull(hint: string | null): void {
    this.hint = hint ?? this.hint;
    this.wanted = true;
    this.wake?.();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.wake?.();
    await this.loop;
    await this.leases.release(accountLease(this.account.id)).catch(() => undefined);
  }

  private async own(): Promise<void> {
    let failures = 0;
    while (!this.stopped.signal.aborted) {
      let held: Held | null = null;
      try {
        held = await this.leases.take(accountLease(this.account.id));
        if (held !== null && held.signal !== this.under) this.begins();
        this.under = held?.signal ?? null;
        if (held === null) {
          await this.pause(ASK_AGAIN_MS);
          continue;
        }
        const signal = AbortSignal.any([held.signal, this.stopped.signal]);
        if (this.runtime.run !== undefined) await this.runtime.run(signal);
        else await this.pullOnce(held, signal);
        failures = 0;
        if (this.runtime.run === undefined) await this.restUntilNext();
      } catch (error) {
        if (this.stopped.signal.aborted || held?.signal.aborted === true) continue;
        failures++;
        const asked = error instanceof ConnectorError ? (error.retryAfterMs ?? 0) : 0;
        const delay = Math.max(asked, Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 10)));
        this.logger.warn({ err: error, accountId: this.account.id, againInMs: delay }, 'reading the account failed');
        const auth = error instanceof ConnectorError && error.kind === 'auth';
        if (auth) await this.runtime.refreshAuth?.().catch(() => undefined);
        if (this.runtime.reportsItself !== true && (auth || failures >= SHOWN_AFTER))
          this.context.report(auth ? 'error' : 'degraded', error instanceof Error ? error.message : 'no connection');
        await this.pause(delay);
      }
    }
  }

  private async pullOnce(held: Held, signal: AbortSignal): Promise<void> {
    const pull = this.runtime.pull?.bind(this.runtime);
    if (pull === undefined) return;
    for (let more = true; more && !signal.aborted;) {
      const hint = this.hint;
      this.wanted = false;
      const cursor = await this.cursors.read(this.account.id);
      const pulled = await pull(cursor, hint, signal);
      const move = async (): Promise<void> => {
        if (pulled.cursor !== cursor) await this.cursors.move(this.account.id, pulled.cursor, held);
      };
      if (breaks('cursor-before-publish')) await move();
      if (pulled.events.length > 0) dieIfArmed('fetched');
      // Durable first: what is read twice is deduplicated, what is skipped is lost.
      await this.gate.publish(this.account, pulled.events);
      await this.gate.publishReceipts(this.account, pulled.receipts ?? []);
      if (pulled.events.length > 0) dieIfArmed('published');
      if (!breaks('cursor-before-publish')) await move();
      if (this.hint === hint) this.hint = null;
      more = pulled.more;
    }
    if (!signal.aborted && this.runtime.reportsItself !== true) this.context.report('ok');
  }

  private async restUntilNext(): Promise<void> {
    const every = this.runtime.pullEveryMs ?? null;
    while (!this.wanted && !this.stopped.signal.aborted && this.leases.holds(accountLease(this.account.id))) {
      await this.pause(every ?? 60_000);
      if (every !== null) return;
    }
  }

  private async pause(ms: number): Promise<void> {
    const control = new AbortController();
    this.wake = () => control.abort();
    await wait(ms, undefined, { signal: AbortSignal.any([control.signal, this.stopped.signal]), ref: false }).catch(
      () => undefined,
    );
    this.wake = null;
  }
}
