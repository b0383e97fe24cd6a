import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type BusRecord, MessageBus, wrap } from '@huiliu/bus';
import { type AccountState, type AccountStatus, CHANNELS } from '@huiliu/contracts';
import { Clock } from '@huiliu/storage';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import { retrying } from '../retrying';

/** `lastEventAt` alone is told this often at most, after the first event, which whoever has just set up an account waits for. */
const QUIET_MS = 60_000;
const GATHER_MS = 250;

interface Known {
  state: AccountState;
  error: string | null;
  progress: AccountStatus['progress'];
  login: AccountStatus['login'];
  lastEventAt: Date | null;
  toldAt: number;
  told: string;
}

/** Says on the `channels` topic what this app's connectors can do, and how its accounts are. */
@Injectable()
export class ChannelAnnouncer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('ChannelAnnouncer');
  private readonly known = new Map<string, Known>();
  private readonly dirty = new Set<string>();
  private readonly stopped = new AbortController();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    @Inject(MessageBus) private readonly bus: MessageBus,
    @Inject(Clock) private readonly clock: Clock,
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

  /** How an account is now; told only when it changed. */
  report(
    accountId: string,
    state: AccountState,
    error: string | null,
    progress: AccountStatus['progress'] = null,
    login: AccountStatus['login'] = null,
  ): void {
    const known = this.of(accountId);
    known.state = state;
    known.error = error?.slice(0, 2000) ?? null;
    known.progress = progress;
    known.login = login;
    this.mark(accountId);
  }

  /** Something came in for an account. */
  sawEvent(accountId: string): void {
    this.of(accountId).lastEventAt = this.clock.now();
    this.mark(accountId);
  }

  forget(accountId: string): void {
    this.known.delete(accountId);
    this.dirty.delete(accountId);
  }

  private of(accountId: string): Known {
    let known = this.known.get(accountId);
    if (known === undefined)
      this.known.set(
        accountId,
        (known = { state: 'starting', error: null, progress: null, login: null, lastEventAt: null, toldAt: 0, told: '' }),
      );
    return known;
  }

  private mark(accountId: string): void {
    this.dirty.add(accountId);
    if (this.timer !== null || this.stopped.signal.aborted) return;
    this.timer = setTimeout(() => void this.tell(), GATHER_MS).unref();
  }

  private async tell(): Promise<void> {
    const now = this.clock.now();
    const records: BusRecord<AccountStatus>[] = [];
    const told: (() => void)[] = [];
    for (const accountId of [...this.dirty]) {
      const known = this.known.get(accountId);
      if (known === undefined) continue;
      const essence = JSON.stringify([known.state, known.error, known.progress, known.login, known.lastEventAt !== null]);
      if (essence === known.told && now.getTime() - known.toldAt < QUIET_MS) continue;
      this.dirty.delete(accountId);
      const { state, error, progress, login } = known;
      const lastEventAt = known.lastEventAt?.toISOString() ?? null;
      records.push(
        wrap(
          CHANNELS,
          'account.status',
          `status:${accountId}`,
          { accountId, state, error, progress, login, lastEventAt, at: now.toISOString() },
          now,
        ),
      );
      told.push(() => Object.assign(known, { told: essence, toldAt: now.getTime() }));
    }
    try {
      if (records.length > 0) await this.bus.publish(records);
      for (const done of told) done();
    } catch (error) {
      this.logger.warn({ err: error }, 'account statuses could not be told');
      for (const record of records) this.dirty.add(record.envelope.data.accountId);
    }
    this.timer = null;
    if (this.dirty.size > 0 && !this.stopped.signal.aborted)
      this.timer = setTimeout(() => void this.tell(), 5_000).unref();
  }
}
