import { Inject, Injectable, Logger } from '@nestjs/common';
import { type ChannelDefinition, type Content, outboundOf, type SendCommand, type SendError } from '@huiliu/contracts';
import { breaks } from '@huiliu/platform';
import { Clock } from '@huiliu/storage';
import { AccountDirectory } from '../accounts/account-directory';
import { ChannelAnnouncer } from '../accounts/channel-announcer';
import { afterFailure } from '../domain/outcome';
import { planSend } from '../domain/plan';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import type { Held } from '../leases/lease-book';
import { RuntimeHost, type Running } from '../runtimes/runtime-host';
import { CALL_MS, CallFailed, partOf, within } from './calls';
import { Changes } from './changes';
import { CommandStore, type StoredCommand } from './command-store';
import { ENDED, Outcomes, type Stepped } from './outcomes';
import { SentIds } from './sent-ids';

/** An account that this process does not know yet may just not have been read. */
const ACCOUNT_WAIT_MS = 10_000;

/** Carries out one stored command: enforces the channel's limits, calls the connector, writes what became of it. */
@Injectable()
export class Sender {
  private readonly logger = new Logger('Sender');
  private readonly callMs: number;

  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Outcomes) private readonly outcomes: Outcomes,
    @Inject(Changes) private readonly changes: Changes,
    @Inject(CommandStore) private readonly store: CommandStore,
    @Inject(SentIds) private readonly sent: SentIds,
    @Inject(RuntimeHost) private readonly host: RuntimeHost,
    @Inject(AccountDirectory) private readonly directory: AccountDirectory,
    @Inject(ChannelAnnouncer) private readonly announcer: ChannelAnnouncer,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    this.callMs = options.callMs ?? CALL_MS;
  }

  /** Throws only when the database does not take what became of it: the caller tries again, or the lease is gone. */
  async step(stored: StoredCommand, held: Held): Promise<Stepped> {
    const running = this.host.get(stored.accountId);
    if (running === undefined) return this.withoutAccount(stored, held);
    if (stored.order.kind === 'send')
      return this.sent.during(stored.accountId, () =>
        this.sendAll(stored, stored.order.command as SendCommand, running, held),
      );
    return this.changes.run(stored, running, held);
  }

  /** A command found in `sending` when this process came to it: whether it went out is not known. */
  async recover(stored: StoredCommand, held: Held): Promise<Stepped> {
    const keyed =
      breaks('unknown-resent') || (this.directory.get(stored.accountId)?.connector.definition.keyedSends ?? false);
    // Repeating an edit or a recall changes nothing more.
    if (keyed || stored.order.kind !== 'send') {
      stored.state = 'queued';
      return { ended: false, atMs: this.nowMs() };
    }
    return this.endSend(stored, held, 'unknown', {
      kind: 'outcome_unknown',
      code: 'interrupted',
      message: 'sending was interrupted; whether the message went out is not known',
    });
  }

  private async withoutAccount(stored: StoredCommand, held: Held): Promise<Stepped> {
    const account = this.directory.get(stored.accountId);
    const since = (stored.firstTriedAtMs ??= this.nowMs());
    const waits = !this.directory.isLoaded || this.nowMs() - since < ACCOUNT_WAIT_MS;
    if ((account === undefined || account.problem === null) && waits) return { ended: false, atMs: this.nowMs() + 500 };
    const message =
      account?.problem ?? (account === undefined ? 'the account was removed' : 'the account could not be started');
    if (stored.order.kind !== 'send')
      return this.changes.fail(stored, held, { kind: 'auth', code: 'account_not_usable', message });
    return this.endSend(stored, held, 'failed', {
      kind: 'auth',
      code: account === undefined ? 'account_removed' : 'account_not_usable',
      message,
    });
  }

  private async sendAll(stored: StoredCommand, command: SendCommand, running: Running, held: Held): Promise<Stepped> {
    const { definition } = running.account.connector;
    const outbound = outboundOf(definition as unknown as ChannelDefinition, command.remoteConversationId);
    const plan = planSend(outbound, command.content);
    if (plan.do === 'refuse') return this.endSend(stored, held, 'failed', plan.error);
    const parts = plan.do === 'drop' ? [] : plan.parts;
    stored.firstTriedAtMs ??= this.nowMs();
    let refreshed = false;
    while (stored.part <= parts.length) {
      const content = parts[stored.part - 1] as Content;
      // A platform that takes our key needs no trace of the call: it may simply be repeated.
      if (!definition.keyedSends) await this.outcomes.mark(stored, held, 'sending');
      try {
        const remoteId = await this.call(stored, command, content, parts.length, running);
        await this.partSent(stored, command, remoteId, parts.length, held);
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error;
        const attempts = {
          tries: stored.tries,
          firstTriedAtMs: stored.firstTriedAtMs,
          refreshed,
          keyed: definition.keyedSends,
        };
        const after = afterFailure(error.cause, attempts, this.nowMs(), Math.random());
        if (after.next === 'unknown' || after.next === 'failed') {
          if (after.error.kind === 'auth') this.announcer.report(stored.accountId, 'error', after.error.message);
          if (after.error.code === 'unexpected')
            this.logger.error({ err: error.cause, accountId: stored.accountId }, 'a connector broke off while sending');
          return this.endSend(stored, held, after.next, after.error);
        }
        if (after.next === 'refresh') {
          refreshed = true;
          await running.runtime
            .refreshAuth?.()
            .catch((reason: unknown) =>
              this.logger.warn({ err: reason, accountId: stored.accountId }, 'the token could not be renewed'),
            );
          continue;
        }
        return this.outcomes.postpone(stored, held, after.atMs);
      }
    }
    // Left out, or all parts were sent before the process that sent them could say so.
    if (stored.state !== 'done') await this.endSend(stored, held, 'done', null);
    return ENDED;
  }

  private async call(
    stored: StoredCommand,
    command: SendCommand,
    content: Content,
    parts: number,
    running: Running,
  ): Promise<string | null> {
    const part = partOf(command, content, stored.part, parts);
    try {
      const request = running.account.connector.encode(part, running.context.account);
      return (await within(this.callMs, (signal) => running.runtime.send(request, part, signal))).remoteId;
    } catch (error) {
      throw new CallFailed(error);
    }
  }

  /** The last part ends the command in the same transaction. */
  private async partSent(
    stored: StoredCommand,
    command: SendCommand,
    remoteId: string | null,
    parts: number,
    held: Held,
  ): Promise<void> {
    const part = stored.part;
    const before = stored.remoteIds;
    const remoteIds = remoteId === null ? before : [...before, remoteId];
    const last = part >= parts;
    const earlier = last ? await this.earlierParts(stored, command) : [];
    await this.outcomes.write(held, async (tx) => {
      const next = { ...stored, part: part + 1, remoteIds, tries: 0, state: 'queued' as const };
      if (remoteId !== null)
        await this.sent.remember(tx, stored.accountId, {
          remoteId,
          messageId: stored.messageId,
          attempt: stored.attempt,
          part,
          conversationId: stored.conversationId,
        });
      if (!last) return this.store.progress(tx, next);
      await this.store.end(tx, next, 'done');
      await this.outcomes.receipt(tx, stored, {
        state: 'accepted',
        error: null,
        remoteIds: [...earlier, ...remoteIds],
      });
    });
    stored.part = part + 1;
    stored.remoteIds = remoteIds;
    stored.tries = 0;
    stored.state = last ? 'done' : 'queued';
  }

  private async endSend(
    stored: StoredCommand,
    held: Held,
    state: 'done' | 'failed' | 'unknown',
    error: SendError | null,
  ): Promise<Stepped> {
    const earlier = await this.earlierParts(stored, stored.order.command as SendCommand);
    await this.outcomes.write(held, async (tx) => {
      await this.store.end(tx, stored, state);
      const remoteIds = [...earlier, ...stored.remoteIds];
      await this.outcomes.receipt(tx, stored, {
        state: state === 'done' ? 'accepted' : state,
        error,
        remoteIds,
        ...(state === 'done' ? {} : { failedPart: stored.part }),
      });
    });
    return ENDED;
  }

  /** Remote ids of the parts that an earlier attempt had sent. */
  private async earlierParts(stored: StoredCommand, command: SendCommand): Promise<string[]> {
    if (command.fromPart <= 1) return [];
    const byPart = new Map<number, string>();
    for (const one of await this.sent.ofMessage(stored.messageId))
      if (one.part < command.fromPart) byPart.set(one.part, one.remoteId);
    return [...byPart].sort(([a], [b]) => a - b).map(([, remoteId]) => remoteId);
  }

  private nowMs(): number {
    return this.clock.now().getTime();
  }
}
