import { Inject, Injectable } from '@nestjs/common';
import type { Receipt, SendError } from '@huiliu/contracts';
import { Clock } from '@huiliu/storage';
import { ConnectorError } from '../contract/errors';
import { afterFailure } from '../domain/outcome';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import type { Held } from '../leases/lease-book';
import type { Running } from '../runtimes/runtime-host';
import { CALL_MS, partOf, within } from './calls';
import { type CommandKind, CommandStore, type StoredCommand } from './command-store';
import { ENDED, Outcomes, type Stepped } from './outcomes';
import { SentIds } from './sent-ids';

type Change = Exclude<StoredCommand['order'], { kind: 'send' }>;

/** What the inbox hears of each that it waits for. */
const TOLD: Partial<Record<CommandKind, Record<'done' | 'failed', Receipt['state']>>> = {
  recall: { done: 'recalled', failed: 'recall_failed' },
  handover: { done: 'handed_over', failed: 'handover_failed' },
};

/** Carries out edits and recalls of what was sent, and hands conversations over: all of it may be done twice. */
@Injectable()
export class Changes {
  private readonly callMs: number;

  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CommandStore) private readonly store: CommandStore,
    @Inject(SentIds) private readonly sent: SentIds,
    @Inject(Outcomes) private readonly outcomes: Outcomes,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    this.callMs = options.callMs ?? CALL_MS;
  }

  /** Answers when the command has ended, or when to try again. */
  async run(stored: StoredCommand, running: Running, held: Held): Promise<Stepped> {
    const { order } = stored;
    if (order.kind === 'send') return ENDED;
    stored.firstTriedAtMs ??= this.clock.now().getTime();
    const known = await this.remoteIdsOf(order, stored.messageId);
    try {
      await within(this.callMs, (signal) => this.call(order, known, running, signal));
    } catch (error) {
      // Doing it twice changes nothing more, so an unknown end is tried again as well.
      const kind = error instanceof ConnectorError ? error.kind : 'transient';
      const repeatable =
        kind === 'outcome_unknown' ? new ConnectorError('transient', 'unknown', (error as Error).message) : error;
      const after = afterFailure(
        repeatable,
        { tries: stored.tries, firstTriedAtMs: stored.firstTriedAtMs, refreshed: true, keyed: false },
        this.clock.now().getTime(),
        Math.random(),
      );
      if (after.next === 'again') {
        return this.outcomes.postpone(stored, held, after.atMs);
      }
      return this.fail(
        stored,
        held,
        'error' in after ? after.error : { kind: 'rejected', code: 'failed', message: 'not done' },
      );
    }
    await this.outcomes.write(held, async (tx) => {
      await this.store.end(tx, stored, 'done');
      const state = TOLD[order.kind]?.done;
      if (state !== undefined) await this.outcomes.receipt(tx, stored, { state, error: null, remoteIds: [...known] });
    });
    return ENDED;
  }

  private async remoteIdsOf(order: Change, messageId: string): Promise<readonly string[]> {
    if (order.kind === 'handover') return [];
    const { remoteIds } = order.command;
    return remoteIds.length > 0 ? remoteIds : (await this.sent.ofMessage(messageId)).map((one) => one.remoteId);
  }

  private async call(
    order: Change,
    known: readonly string[],
    { runtime, account }: Running,
    signal: AbortSignal,
  ): Promise<void> {
    const { definition } = account.connector;
    if (order.kind === 'recall' && definition.recall.outbound && runtime.recall !== undefined)
      return runtime.recall(known, { ...order.command, inReplyTo: null }, signal);
    if (order.kind === 'handover' && definition.handover === true && runtime.handOver !== undefined)
      return runtime.handOver(order.command.servicerId, order.command, signal);
    if (order.kind === 'edit' && definition.edits && runtime.edit !== undefined) {
      const send = { attempt: 1, authorType: 'agent', authorName: '', inReplyTo: null, fromPart: 1 } as const;
      return runtime.edit(known, partOf({ ...order.command, ...send }, order.command.content, 1, 1), signal);
    }
    throw new ConnectorError('unsupported', 'not_supported', `this channel knows no ${order.kind}`);
  }

  async fail(stored: StoredCommand, held: Held, error: SendError): Promise<Stepped> {
    await this.outcomes.write(held, async (tx) => {
      await this.store.end(tx, stored, 'failed');
      const state = TOLD[stored.order.kind]?.failed;
      if (state !== undefined) await this.outcomes.receipt(tx, stored, { state, error, remoteIds: [] });
    });
    return ENDED;
  }
}
