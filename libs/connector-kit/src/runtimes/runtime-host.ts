import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { MessageBus } from '@huiliu/bus';
import { Signal } from '@huiliu/contracts';
import { Config, SecretBox } from '@huiliu/platform';
import { Logger as PinoLogger } from 'nestjs-pino';
import { Clock } from '@huiliu/storage';
import { AccountDirectory, type AccountEntry } from '../accounts/account-directory';
import { ChannelAnnouncer } from '../accounts/channel-announcer';
import type { AnyRuntime } from '../contract/runtime';
import type { AccountContext } from '../contract/context';
import { GuardedFetch } from '../http/guarded-fetch';
import { EventGate } from '../inbound/event-gate';
import { InboxClient } from '../inbox/inbox-client';
import { accountLease, LeaseBook } from '../leases/lease-book';
import { SentIds } from '../outbound/sent-ids';
import { SignedCalls } from '../webhooks/signed-calls';
import { CursorStore } from './cursor-store';
import { AccountChecks } from './account-checks';
import { OwnedWork } from './owned-work';
import { Servicers } from './servicers';

/** An account at work. */
export interface Running {
  readonly account: AccountEntry & { readonly config: Record<string, unknown> };
  readonly context: AccountContext;
  readonly runtime: AnyRuntime;
}

interface Opened extends Running {
  pull(hint: string | null): void;
  stop(): Promise<void>;
}

/** Every account's runtime in this process, opened and ended as accounts come, change and go. */
@Injectable()
export class RuntimeHost implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('RuntimeHost');
  private readonly running = new Map<string, Opened>();
  /** The revision that was acted on last, of accounts that could not be opened too. */
  private readonly acted = new Map<string, number>();
  /** Changes of one account come one after the other. */
  private readonly lines = new Map<string, Promise<void>>();
  private readonly fetch: GuardedFetch;
  private readonly silence: () => void;

  constructor(
    @Inject(AccountDirectory) private readonly directory: AccountDirectory,
    @Inject(ChannelAnnouncer) private readonly announcer: ChannelAnnouncer,
    @Inject(EventGate) private readonly gate: EventGate,
    @Inject(SentIds) private readonly sent: SentIds,
    @Inject(SignedCalls) private readonly calls: SignedCalls,
    @Inject(InboxClient) private readonly inbox: InboxClient,
    @Inject(LeaseBook) private readonly leases: LeaseBook,
    @Inject(CursorStore) private readonly cursors: CursorStore,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(MessageBus) private readonly bus: MessageBus,
    @Inject(PinoLogger) private readonly pino: PinoLogger,
    @Inject(SecretBox) private readonly secrets: SecretBox,
    @Inject(Config) config: Config,
  ) {
    this.fetch = new GuardedFetch({
      allow: config.outboundAllow,
      // Our own address is known once we listen.
      sandboxed: (url) =>
        !config.production && url.pathname.startsWith('/sandbox/') && url.origin === new URL(config.address).origin,
      sandboxEndpoints: () => config.sandboxEndpoints,
    });
    directory.onChange(({ id, after }) => this.change(id, after));
    const checks = new AccountChecks({
      running: (id) => this.running.get(id),
      revisionOf: (id) => this.acted.get(id) ?? 0,
      announcer,
      leases,
      bus,
    });
    const servicers = new Servicers((id) => this.running.get(id)?.runtime, bus);
    this.silence = bus.onSignal((signal) => {
      const known = Signal.safeParse(signal);
      if (!known.success) return;
      if (known.data.type === 'connector.pull') this.running.get(known.data.accountId)?.pull(known.data.hint);
      if (known.data.type === 'account.check') void checks.check(known.data);
      if (known.data.type === 'servicers.ask') void servicers.tell(known.data);
    });
  }

  onApplicationBootstrap(): void {
    for (const account of this.directory.all()) this.change(account.id, account);
  }

  async onApplicationShutdown(): Promise<void> {
    this.silence();
    for (const id of [...this.running.keys()]) this.change(id, null, false);
    await Promise.all(this.lines.values());
  }

  get(accountId: string): Running | undefined {
    return this.running.get(accountId);
  }

  some(is: (running: Running) => boolean): boolean {
    for (const running of this.running.values()) if (is(running)) return true;
    return false;
  }

  /** Something waits at the platform for this account: the process that reads it is told, whichever it is. */
  requestPull(accountId: string, hint: string | null): void {
    this.bus.signal({ type: 'connector.pull', accountId, hint: hint?.slice(0, 512) ?? null } satisfies Signal);
  }

  /** Resolves once all changes known so far have been acted on. */
  async settled(): Promise<void> {
    await Promise.all(this.lines.values());
  }

  private change(id: string, account: AccountEntry | null, gone = true): void {
    const line = (this.lines.get(id) ?? Promise.resolve())
      .then(() => this.apply(id, account, gone))
      .then(() => {
        if (account === null) this.acted.delete(id);
        else this.acted.set(id, account.revision);
      })
      .catch((error: unknown) => this.logger.error({ err: error }, 'an account could not be changed'));
    this.lines.set(id, line);
    void line.finally(() => {
      if (this.lines.get(id) === line) this.lines.delete(id);
    });
  }

  private async apply(id: string, account: AccountEntry | null, gone: boolean): Promise<void> {
    const before = this.running.get(id);
    if (before !== undefined && account !== null && before.account.revision >= account.revision) return;
    this.running.delete(id);
    await before
      ?.stop()
      .catch((error: unknown) => this.logger.warn({ err: error, accountId: id }, 'a runtime did not stop cleanly'));
    if (account === null) {
      if (gone) this.announcer.forget(id);
      return;
    }
    if (account.config === null) {
      this.announcer.isRead(id, false);
      this.announcer.report(id, 'error', account.problem);
      return;
    }
    await this.open({ ...account, config: account.config });
  }

  private async open(account: Running['account']): Promise<void> {
    const context = this.contextOf(account);
    try {
      const runtime = account.connector.open(context);
      this.announcer.isRead(account.id, OwnedWork.isFor(runtime));
      await runtime.start?.();
      const begins = (): void => this.announcer.beginsToRead(account.id);
      const owned = new OwnedWork(account, context, runtime, this.leases, this.cursors, this.gate, begins);
      this.running.set(account.id, {
        account,
        context,
        runtime,
        pull: (hint) => owned.pull(hint),
        stop: async () => {
          await owned.stop();
          await runtime.stop?.();
        },
      });
      // What holds a connection of its own says by itself how it is.
      if (runtime.run === undefined && runtime.reportsItself !== true) this.announcer.report(account.id, 'ok', null);
      owned.start();
    } catch (error) {
      this.logger.error({ err: error, accountId: account.id }, 'an account could not be started');
      this.announcer.report(account.id, 'error', error instanceof Error ? error.message : 'could not be started');
    }
  }

  private contextOf(account: Running['account']): AccountContext {
    const { id, channel, name, config, revision } = account;
    return {
      account: { id, channel, name, config, revision },
      publish: (events) => this.gate.publish(account, events),
      publishReceipts: (receipts) => this.gate.publishReceipts(account, receipts),
      sentByUs: (remoteIds) => this.sent.sentByUs(id, remoteIds),
      admit: (call) => this.calls.admit(id, call),
      report: (state, error, progress, login) => this.announcer.report(id, state, error ?? null, progress, login),
      alone: (purpose, work) => this.leases.inTurn(`${accountLease(id)}/${purpose}`, work),
      keys: (purpose) => this.secrets.deriveKeys(`account/${id}/${purpose}`),
      fetch: this.fetch,
      inbox: this.inbox,
      clock: this.clock,
      logger: this.pino,
    };
  }
}
