import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ROUTING_DECISIONS, type RoutingWorkEvent } from '@huiliu/contracts';
import { toOutbox, wrap, type EventBatch } from '@huiliu/bus';
import { deriveId, Metrics } from '@huiliu/platform';
import { Clock, Database, Outbox, type Tx } from '@huiliu/storage';
import { reduce, type RoutingDecision, type RoutingInput } from './domain/reducer';
import type { RoutingState } from './domain/state';
import { Epoch, StaleEpoch } from './epoch';
import { clearDirty, StateRepository } from './state.repository';

/** How often the writer gives a sign of life and a standby looks for one, ms. */
const BEAT_MS = 3_000;

const offerIdOf = (conversationId: string, version: number, nth: number): string =>
  deriveId('offer', conversationId, String(version), String(nth));

/**
 * The shell around the reducer: one batch, one transaction that holds the inputs' progress, the changed state and the decisions. Whatever
 * fails, the state in memory is thrown away and read again.
 */
@Injectable()
export class RoutingService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(RoutingService.name);
  private state: RoutingState | null = null;
  private turn: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private beat: NodeJS.Timeout | undefined;
  private readonly items: ReturnType<Metrics['gauge']>;
  private readonly writer: ReturnType<Metrics['gauge']>;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly epoch: Epoch,
    private readonly repository: StateRepository,
    @Inject(Outbox) private readonly outbox: Outbox,
    metrics: Metrics,
  ) {
    this.items = metrics.gauge('huiliu_routing_items', 'Conversations that routing holds, by where they stand', [
      'phase',
    ]);
    this.writer = metrics.gauge(
      'huiliu_routing_writer',
      '1 where this process writes the decisions, 0 where it stands by',
    );
    this.writer.set(0);
  }

  onApplicationBootstrap(): void {
    this.beat = setInterval(() => void this.keepAlive(), BEAT_MS);
    this.beat.unref();
    void this.keepAlive();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.beat);
    clearTimeout(this.timer);
    await this.turn.catch(() => undefined);
  }

  /** Handles a batch of `routing.work`. The bus gave it to this process, so this process is the writer now. */
  async handle(batch: EventBatch<RoutingWorkEvent['data']>): Promise<void> {
    await this.inTurn(async () => {
      if (!this.epoch.active()) await this.takeOver(() => this.epoch.take());
      await this.write(async (tx) =>
        (await batch.claim(tx)).map(({ envelope }) => ({ type: envelope.type, data: envelope.data }) as RoutingInput),
      );
    });
  }

  private async write(inputs: (tx: Tx) => Promise<readonly RoutingInput[]>): Promise<void> {
    let cached = this.state;
    this.state = null;
    let state: RoutingState;
    try {
      state = await this.database.transaction(async (tx) => {
        await this.epoch.assertMine(tx);
        // The reducer changes the state in place: a transaction that is repeated after a deadlock begins from the record.
        const state = cached ?? (await this.repository.load());
        cached = null;
        const now = this.clock.now();
        const decisions: RoutingDecision[] = [];
        for (const input of await inputs(tx)) decisions.push(...reduce(state, input, now.getTime(), offerIdOf));
        await this.repository.save(tx, state);
        await this.outbox.add(
          tx,
          decisions.map((decision) =>
            toOutbox(wrap(ROUTING_DECISIONS, decision.type, decision.data.conversationId, decision.data, now)),
          ),
        );
        return state;
      });
    } catch (error) {
      if (error instanceof StaleEpoch) this.standBy();
      throw error;
    }
    clearDirty(state);
    this.state = state;
    this.schedule(state);
    this.count(state);
  }

  /** What it held is another's now: its last count would be added to theirs. */
  private standBy(): void {
    this.logger.warn('another routing process has taken over; standing by');
    clearTimeout(this.timer);
    this.items.reset();
    this.writer.set(0);
  }

  private count(state: RoutingState): void {
    for (const [phase, total] of Object.entries(state.phases)) this.items.set({ phase }, total);
  }

  private schedule(state: RoutingState): void {
    clearTimeout(this.timer);
    const deadline = state.deadlines.next();
    if (deadline === null) return;
    const wait = Math.min(Math.max(0, deadline - this.clock.now().getTime()), 2 ** 30);
    this.timer = setTimeout(() => void this.tick(), wait);
    this.timer.unref();
  }

  private async tick(): Promise<void> {
    await this.inTurn(async () => {
      if (this.epoch.active()) await this.write(() => Promise.resolve([{ type: 'tick' }]));
    }).catch((error: unknown) => this.logger.warn(`time-outs are late: ${String(error)}`));
  }

  /** The writer ticks (which is its sign of life); a standby takes over from a writer that gives none. */
  private async keepAlive(): Promise<void> {
    if (this.epoch.active()) return this.tick();
    await this.inTurn(() => this.takeOver(() => this.epoch.takeIfSilent())).catch((error: unknown) =>
      this.logger.warn(`cannot look for a silent writer: ${String(error)}`),
    );
  }

  private async takeOver(take: () => Promise<unknown>): Promise<void> {
    await take();
    this.state = null;
    if (!this.epoch.active()) return;
    this.writer.set(1);
    this.state = await this.repository.load();
    this.schedule(this.state);
  }

  /** One thing at a time: a batch, a tick or a take-over. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.turn.then(work, work);
    this.turn = next.catch(() => undefined);
    return next;
  }
}
