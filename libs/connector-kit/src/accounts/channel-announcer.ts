import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type BusRecord, MessageBus, wrap } from '@huiliu/bus';
import { type AccountState, type AccountStatus, CHANNELS, MOST_CHECKS, type Signal } from '@huiliu/contracts';
import { Clock } from '@huiliu/storage';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import { accountLease, LeaseBook } from '../leases/lease-book';
import { retrying } from '../retrying';

/** `lastEventAt` alone is told this often at most, after the first event, which whoever has just set up an account waits for. */
const QUIET_MS = 60_000;
const GATHER_MS = 250;
/** What may wait is looked through this often. */
const LATER_MS = 5_000;
/** The process that reads an account is asked to look at it this often at most. */
const NUDGE_MS = 30_000;

interface Known {
  state: AccountState;
  error: string | null;
  progress: AccountStatus['progress'];
  login: AccountStatus['login'];
  lastEventAt: Date | null;
  toldAt: number;
  told: string;
  /** Checks whose outcome this is, not told yet. */
  checks: string[];
}

/**
 * Says on the `channels` topic what this app's connectors can do, and how its accounts are. Of an account that one process reads (or holds the
 * connection of), that process alone speaks: another that meets trouble with it, as it sends, asks that one to look for itself.
 */
@Injectable()
export class ChannelAnnouncer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('ChannelAnnouncer');
  private readonly known = new Map<string, Known>();
  private readonly dirty = new Set<string>();
  /** Accounts that are read under a lease. */
  private readonly read = new Set<string>();
  private readonly nudged = new Map<string, number>();
  private readonly stopped = new AbortController();
  private timer: NodeJS.Timeout | null = null;
  /** When the timer ends; while telling, when it is to end next. */
  private at = Infinity;
  private telling = false;

  constructor(
    @Inject(MessageBus) private readonly bus: MessageBus,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LeaseBook) private readonly leases: LeaseBook,
    @Inject(HOST_OPTIONS) private readonly options: HostOptions,
  ) {}

  onApplicationBootstrap(): void {
    const now = this.clock.now();
    const records = this.options.connectors.map((connector) => {
      const definition = connector.describe(this.options.app);
      return wrap(CHANNELS, 'channel.defined', definition.channel, definition, now);
    });
    void retrying('the channel definitions', this.logger, this.stopped.signal, () => this.bus.publish(records));
  }

  onApplicationShutdown(): void {
    this.stopped.abort();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  /** This account has one process that reads it: only that one speaks of it from now on. */
  isRead(accountId: string, read: boolean): void {
    if (read) this.read.add(accountId);
    else this.read.delete(accountId);
  }

  /** Whether another process may speak for this account. */
  isElsewhere(accountId: string): boolean {
    return this.read.has(accountId) && this.leases.mayBeElsewhere(accountLease(accountId));
  }

  /** How an account is now; told only when it changed. */
  report(
    accountId: string,
    state: AccountState,
    error: string | null,
    progress: AccountStatus['progress'] = null,
    login: AccountStatus['login'] = null,
  ): void {
    if (this.isElsewhere(accountId)) return state === 'ok' ? undefined : this.nudge(accountId);
    const known = this.of(accountId);
    known.state = state;
    known.error = error?.slice(0, 2000) ?? null;
    known.progress = progress;
    known.login = login;
    this.mark(accountId);
  }

  /** Something came in for an account. */
  sawEvent(accountId: string): void {
    const known = this.of(accountId);
    const first = known.lastEventAt === null;
    known.lastEventAt = this.clock.now();
    this.mark(accountId, first ? GATHER_MS : LATER_MS);
  }

  /** Whatever was told of the account before, another process may have told otherwise since: this one has begun to read it. */
  beginsToRead(accountId: string): void {
    this.of(accountId).told = '';
  }

  /** Tells how the account is as the outcome of a check, changed or not. */
  answer(accountId: string, checkId: string): void {
    const known = this.of(accountId);
    known.checks = [...known.checks, checkId].slice(-MOST_CHECKS);
    this.mark(accountId);
  }

  forget(accountId: string): void {
    this.known.delete(accountId);
    this.dirty.delete(accountId);
    this.read.delete(accountId);
    this.nudged.delete(accountId);
  }

  private nudge(accountId: string): void {
    const now = this.clock.now().getTime();
    if (now - (this.nudged.get(accountId) ?? -Infinity) < NUDGE_MS) return;
    this.nudged.set(accountId, now);
    this.bus.signal({ type: 'account.check', accountId, revision: 0, checkId: null } satisfies Signal);
  }

  private of(accountId: string): Known {
    let known = this.known.get(accountId);
    if (known === undefined)
      this.known.set(
        accountId,
        (known = {
          state: 'starting',
          error: null,
          progress: null,
          login: null,
          lastEventAt: null,
          toldAt: 0,
          told: '',
          checks: [],
        }),
      );
    return known;
  }

  private mark(accountId: string, withinMs = GATHER_MS): void {
    this.dirty.add(accountId);
    this.tellWithin(withinMs);
  }

  private tellWithin(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.at || this.stopped.signal.aborted) return;
    this.at = at;
    if (this.telling) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.tell(), ms).unref();
  }

  private async tell(): Promise<void> {
    this.at = Infinity;
    this.telling = true;
    const { records, told } = this.gather(this.clock.now());
    try {
      if (records.length > 0) await this.bus.publish(records);
      for (const done of told) done();
    } catch (error) {
      this.logger.warn({ err: error }, 'account statuses could not be told');
      for (const record of records) this.dirty.add(record.envelope.data.accountId);
    }
    this.telling = false;
    const next = Math.min(this.at, this.dirty.size > 0 ? performance.now() + LATER_MS : Infinity);
    this.at = Infinity;
    if (next < Infinity) this.tellWithin(Math.max(0, next - performance.now()));
  }

  /** What is to be told now, and what to do once it is. What may wait stays behind. */
  private gather(now: Date): { records: BusRecord<AccountStatus>[]; told: (() => void)[] } {
    const records: BusRecord<AccountStatus>[] = [];
    const told: (() => void)[] = [];
    for (const accountId of [...this.dirty]) {
      const known = this.known.get(accountId);
      const elsewhere = this.isElsewhere(accountId);
      if (known === undefined || elsewhere) this.dirty.delete(accountId);
      if (known === undefined || elsewhere) continue;
      const { state, error, progress, login, checks } = known;
      const essence = JSON.stringify([state, error, progress, login, known.lastEventAt !== null]);
      if (checks.length === 0 && essence === known.told && now.getTime() - known.toldAt < QUIET_MS) continue;
      this.dirty.delete(accountId);
      const lastEventAt = known.lastEventAt?.toISOString() ?? null;
      const status = { accountId, state, error, progress, login, lastEventAt, checks, at: now.toISOString() };
      records.push(wrap(CHANNELS, 'account.status', `status:${accountId}`, status, now));
      told.push(() => {
        Object.assign(known, { told: essence, toldAt: now.getTime() });
        known.checks = known.checks.filter((id) => !checks.includes(id));
      });
    }
    return { records, told };
  }
}
