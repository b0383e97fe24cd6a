import { Inject, Injectable } from '@nestjs/common';
import type { SendError } from '@huiliu/contracts';
import { Clock } from '@huiliu/storage';
import { ConnectorError } from '../contract/errors';
import { afterFailure } from '../domain/outcome';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import type { Held } from '../leases/lease-book';
import type { Running } from '../runtimes/runtime-host';
import { CALL_MS, partOf, within } from './calls';
import { CommandStore, type StoredCommand } from './command-store';
import { ENDED, Outcomes, type Stepped } from './outcomes';
import { SentIds } from './sent-ids';

/** Carries out edits and recalls of what was sent. */
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
    const { command } = order;
    stored.firstTriedAtMs ??= this.clock.now().getTime();
    const known =
      command.remoteIds.length > 0
        ? command.remoteIds
        : (await this.sent.ofMessage(stored.messageId)).map((one) => one.remoteId);
    try {
      await within(this.callMs, async (signal) => {
        const { runtime, account } = running;
        const { definition } = account.connector;
        if (order.kind === 'recall' && definition.recall.outbound && runtime.recall !== undefined)
          return runtime.recall(known, { ...command, inReplyTo: null }, signal);
        if (order.kind === 'edit' && definition.edits && runtime.edit !== undefined) {
          const part = partOf(
            { ...order.command, attempt: 1, authorType: 'agent', authorName: '', inReplyTo: null, fromPart: 1 },
            order.command.content,
            1,
            1,
          );
          return runtime.edit(known, part, signal);
        }
        throw new ConnectorError('unsupported', 'not_supported', `this channel knows no ${order.kind}`);
      });
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
      if (order.kind === 'recall')
        await this.outcomes.receipt(tx, stored, { state: 'recalled', error: null, remoteIds: [...known] });
    });
    return ENDED;
  }

  async fail(stored: StoredCommand, held: Held, error: SendError): Promise<Stepped> {
    await this.outcomes.write(held, async (tx) => {
      await this.store.end(tx, stored, 'failed');
      if (stored.order.kind === 'recall')
        await this.outcomes.receipt(tx, stored, { state: 'recall_failed', error, remoteIds: [] });
    });
    return ENDED;
  }
}
