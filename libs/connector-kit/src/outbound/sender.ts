import { Inject, Injectable, Logger } from '@nestjs/common';
import { toOutbox, wrap } from '@huiliu/bus';
import { CHANNEL_RECEIPTS, type Content, type Receipt, type SendCommand, type SendError } from '@huiliu/contracts';
import { Clock, Database, Outbox, StaleLease, type Tx } from '@huiliu/storage';
import { AccountDirectory } from '../accounts/account-directory';
import { ChannelAnnouncer } from '../accounts/channel-announcer';
import type { SendPart } from '../contract/connector';
import { ConnectorError } from '../contract/errors';
import { afterFailure } from '../domain/outcome';
import { partKey, planSend } from '../domain/plan';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import type { Held } from '../leases/lease-book';
import { RuntimeHost, type Running } from '../runtimes/runtime-host';
import { CommandStore, type StoredCommand } from './command-store';
import { SentIds } from './sent-ids';
import { TxBatch } from './tx-batch';

const CALL_MS = 30_000;
/** An account that this process does not know yet may just not have been read. */
const ACCOUNT_WAIT_MS = 10_000;

/** What became of a step: the command has ended, or is to be tried again. */
export type Stepped = { readonly ended: true } | { readonly ended: false; readonly atMs: number };

const ENDED: Stepped = { ended: true };

/** Carries out one stored command: enforces the channel's limits, calls the connector, writes what became of it. */
@Injectable()
export class Sender {
  private readonly logger = new Logger('Sender');
  private readonly batch: TxBatch;
  private readonly callMs: number;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(CommandStore) private readonly store: CommandStore,
    @Inject(SentIds) private readonly sent: SentIds,
    @Inject(RuntimeHost) private readonly host: RuntimeHost,
    @Inject(AccountDirectory) private readonly directory: AccountDirectory,
    @Inject(ChannelAnnouncer) private readonly announcer: ChannelAnnouncer,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    this.batch = new TxBatch(database);
    this.callMs = options.callMs ?? CALL_MS;
  }

  /** Throws only when the database does not take what became of it: the caller tries again, or the lease is gone. */
  async step(stored: StoredCommand, held: Held): Promise<Stepped> {
    const running = this.host.get(stored.accountId);
    if (running === undefined) return this.withoutAccount(stored, held);
    if (stored.order.kind === 'send') return this.sent.during(stored.accountId, () => this.sendAll(stored, stored.order.command as SendCommand, running, held));
    return this.change(stored, running, held);
  }

  /** A command found in `sending` when this process came to it: whether it went out is not known. */
  async recover(stored: StoredCommand, held: Held): Promise<Stepped> {
    const keyed = this.directory.get(stored.accountId)?.connector.definition.keyedSends ?? false;
    // Repeating an edit or a recall changes nothing more.
    if (keyed || stored.order.kind !== 'send') {
      stored.state = 'queued';
      return { ended: false, atMs: this.nowMs() };
    }
    return this.endSend(stored, held, 'unknown', { kind: 'outcome_unknown', code: 'interrupted', message: 'sending was interrupted; whether the message went out is not known' });
  }

  private async withoutAccount(stored: StoredCommand, held: Held): Promise<Stepped> {
    const account = this.directory.get(stored.accountId);
    const since = (stored.firstTriedAtMs ??= this.nowMs());
    const waits = !this.directory.isLoaded || this.nowMs() - since < ACCOUNT_WAIT_MS;
    if ((account === undefined || account.problem === null) && waits) return { ended: false, atMs: this.nowMs() + 500 };
    const message = account?.problem ?? (account === undefined ? 'the account was removed' : 'the account could not be started');
    return this.fail(stored, held, { kind: 'auth', code: account === undefined ? 'account_removed' : 'account_not_usable', message });
  }

  private async sendAll(stored: StoredCommand, command: SendCommand, running: Running, held: Held): Promise<Stepped> {
    const { definition } = running.account.connector;
    const plan = planSend(definition.outbound as Parameters<typeof planSend>[0], command.content);
    if (plan.do === 'refuse') return this.endSend(stored, held, 'failed', plan.error);
    const parts = plan.do === 'drop' ? [] : plan.parts;
    stored.firstTriedAtMs ??= this.nowMs();
    let refreshed = false;
    while (stored.part <= parts.length) {
      const content = parts[stored.part - 1] as Content;
      // A platform that takes our key needs no trace of the call: it may simply be repeated.
      if (!definition.keyedSends) await this.mark(stored, held, 'sending');
      try {
        const remoteId = await this.call(stored, command, content, parts.length, running);
        await this.partSent(stored, command, remoteId, parts.length, held);
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error;
        const attempts = { tries: stored.tries, firstTriedAtMs: stored.firstTriedAtMs, refreshed, keyed: definition.keyedSends };
        const after = afterFailure(error.cause, attempts, this.nowMs(), Math.random());
        if (after.next === 'unknown' || after.next === 'failed') {
          if (after.error.kind === 'auth') this.announcer.report(stored.accountId, 'error', after.error.message);
          if (after.error.code === 'unexpected') this.logger.error({ err: error.cause, accountId: stored.accountId }, 'a connector broke off while sending');
          return this.endSend(stored, held, after.next, after.error);
        }
        if (after.next === 'refresh') {
          refreshed = true;
          await running.runtime.refreshAuth?.().catch((reason: unknown) => this.logger.warn({ err: reason, accountId: stored.accountId }, 'the token could not be renewed'));
          continue;
        }
        stored.tries += 1;
        stored.notBeforeMs = after.atMs;
        await this.mark(stored, held, 'queued');
        return { ended: false, atMs: after.atMs };
      }
    }
    // Left out, or all parts were sent before the process that sent them could say so.
    if (stored.state !== 'done') await this.endSend(stored, held, 'done', null);
    return ENDED;
  }

  private async call(stored: StoredCommand, command: SendCommand, content: Content, parts: number, running: Running): Promise<string | null> {
    const part = partOf(command, content, stored.part, parts);
    try {
      const request = running.account.connector.encode(part, running.context.account);
      return (await this.within((signal) => running.runtime.send(request, part, signal))).remoteId;
    } catch (error) {
      throw new CallFailed(error);
    }
  }

  /** The last part ends the command in the same transaction. */
  private async partSent(stored: StoredCommand, command: SendCommand, remoteId: string | null, parts: number, held: Held): Promise<void> {
    const part = stored.part;
    const before = stored.remoteIds;
    const remoteIds = remoteId === null ? before : [...before, remoteId];
    const last = part >= parts;
    const earlier = last ? await this.earlierParts(stored, command) : [];
    await this.write(held, async (tx) => {
      const next = { ...stored, part: part + 1, remoteIds, tries: 0, state: 'queued' as const };
      if (remoteId !== null)
        await this.sent.remember(tx, stored.accountId, { remoteId, messageId: stored.messageId, attempt: stored.attempt, part, conversationId: stored.conversationId });
      if (!last) return this.store.progress(tx, next);
      await this.store.end(tx, next, 'done');
      await this.receipt(tx, stored, { state: 'accepted', error: null, remoteIds: [...earlier, ...remoteIds] });
    });
    stored.part = part + 1;
    stored.remoteIds = remoteIds;
    stored.tries = 0;
    stored.state = last ? 'done' : 'queued';
  }

  private async endSend(stored: StoredCommand, held: Held, state: 'done' | 'failed' | 'unknown', error: SendError | null): Promise<Stepped> {
    const earlier = await this.earlierParts(stored, stored.order.command as SendCommand);
    await this.write(held, async (tx) => {
      await this.store.end(tx, stored, state);
      const remoteIds = [...earlier, ...stored.remoteIds];
      await this.receipt(tx, stored, { state: state === 'done' ? 'accepted' : state, error, remoteIds, ...(state === 'done' ? {} : { failedPart: stored.part }) });
    });
    return ENDED;
  }

  /** Remote ids of the parts that an earlier attempt had sent. */
  private async earlierParts(stored: StoredCommand, command: SendCommand): Promise<string[]> {
    if (command.fromPart <= 1) return [];
    const byPart = new Map<number, string>();
    for (const one of await this.sent.ofMessage(stored.messageId)) if (one.part < command.fromPart) byPart.set(one.part, one.remoteId);
    return [...byPart].sort(([a], [b]) => a - b).map(([, remoteId]) => remoteId);
  }

  private async change(stored: StoredCommand, running: Running, held: Held): Promise<Stepped> {
    const { order } = stored;
    if (order.kind === 'send') return ENDED;
    const { command } = order;
    stored.firstTriedAtMs ??= this.nowMs();
    const known = command.remoteIds.length > 0 ? command.remoteIds : (await this.sent.ofMessage(stored.messageId)).map((one) => one.remoteId);
    try {
      await this.within(async (signal) => {
        const { runtime, account } = running;
        const { definition } = account.connector;
        if (order.kind === 'recall' && definition.recall.outbound && runtime.recall !== undefined) return runtime.recall(known, { ...command, inReplyTo: null }, signal);
        if (order.kind === 'edit' && definition.edits && runtime.edit !== undefined) {
          const part = partOf({ ...order.command, attempt: 1, authorType: 'agent', authorName: '', inReplyTo: null, fromPart: 1 }, order.command.content, 1, 1);
          return runtime.edit(known, part, signal);
        }
        throw new ConnectorError('unsupported', 'not_supported', `this channel knows no ${order.kind}`);
      });
    } catch (error) {
      // Doing it twice changes nothing more, so an unknown end is tried again as well.
      const kind = error instanceof ConnectorError ? error.kind : 'transient';
      const repeatable = kind === 'outcome_unknown' ? new ConnectorError('transient', 'unknown', (error as Error).message) : error;
      const after = afterFailure(repeatable, { tries: stored.tries, firstTriedAtMs: stored.firstTriedAtMs, refreshed: true, keyed: false }, this.nowMs(), Math.random());
      if (after.next === 'again') {
        stored.tries += 1;
        stored.notBeforeMs = after.atMs;
        await this.mark(stored, held, 'queued');
        return { ended: false, atMs: after.atMs };
      }
      return this.fail(stored, held, 'error' in after ? after.error : { kind: 'rejected', code: 'failed', message: 'not done' });
    }
    await this.write(held, async (tx) => {
      await this.store.end(tx, stored, 'done');
      if (order.kind === 'recall') await this.receipt(tx, stored, { state: 'recalled', error: null, remoteIds: [...known] });
    });
    return ENDED;
  }

  private async fail(stored: StoredCommand, held: Held, error: SendError): Promise<Stepped> {
    if (stored.order.kind === 'send') return this.endSend(stored, held, 'failed', error);
    await this.write(held, async (tx) => {
      await this.store.end(tx, stored, 'failed');
      if (stored.order.kind === 'recall') await this.receipt(tx, stored, { state: 'recall_failed', error, remoteIds: [] });
    });
    return ENDED;
  }

  private async mark(stored: StoredCommand, held: Held, state: 'queued' | 'sending'): Promise<void> {
    const next = { ...stored, state };
    await this.write(held, (tx) => this.store.progress(tx, next));
    stored.state = state;
  }

  private write(held: Held, work: (tx: Tx) => Promise<void>): Promise<void> {
    // Known before the transaction: a lease that this process has given up must not let it write either.
    if (held.signal.aborted) return Promise.reject(new StaleLease(held.name));
    return this.batch.run(async (tx) => {
      await held.assert(tx);
      await work(tx);
    });
  }

  private async receipt(tx: Tx, stored: StoredCommand, what: Pick<Receipt, 'state' | 'error' | 'remoteIds'> & { failedPart?: number }): Promise<void> {
    const now = this.clock.now();
    const receipt: Receipt = {
      accountId: stored.accountId,
      conversationId: stored.conversationId,
      messageId: stored.messageId,
      attempt: stored.order.kind === 'send' ? stored.attempt : null,
      remoteId: what.remoteIds[0] ?? null,
      at: now.toISOString(),
      ...what,
    };
    await this.outbox.add(tx, [toOutbox(wrap(CHANNEL_RECEIPTS, 'receipt', stored.conversationId, receipt, now))]);
  }

  private async within<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const control = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new ConnectorError('outcome_unknown', 'timeout', 'the platform did not answer in time; whether it took the message is not known'));
        control.abort();
      }, this.callMs);
    });
    try {
      return await Promise.race([call(control.signal), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private nowMs(): number {
    return this.clock.now().getTime();
  }
}

/** What the connector threw, told apart from what the database throws. */
class CallFailed extends Error {
  constructor(override readonly cause: unknown) {
    super('the call failed');
  }
}

function partOf(command: SendCommand, content: Content, part: number, parts: number): SendPart {
  const { messageId, conversationId, remoteConversationId, remoteContactId, inReplyTo, authorType, authorName } = command;
  return { messageId, conversationId, remoteConversationId, remoteContactId, inReplyTo, authorType, authorName, content, part, parts, key: partKey(messageId, part, parts) };
}
