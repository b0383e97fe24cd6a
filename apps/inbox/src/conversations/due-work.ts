import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '@huiliu/storage';

/** How much of it is done in one transaction. */
const AT_ONCE = 100;
/** How late at most a process learns of what another has stored. */
const LOOK_AT_LEAST_EVERY_MS = 15_000;
const AFTER_TROUBLE_MS = 5_000;

/**
 * Work that becomes due at times that are stored: wakes when the earliest of it is due and does all that is due by then. Every process has
 * one: whoever comes first does the work under the rows' locks, where each thing is judged again, so no lease is needed and none can be
 * lost.
 */
export abstract class DueWork<T> implements OnApplicationBootstrap, OnApplicationShutdown {
  protected readonly logger = new Logger(this.constructor.name);
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();
  private waiting = false;
  private stopped = true;

  constructor(protected readonly clock: Clock) {}

  /** When the next of it is due; null when there is none. */
  protected abstract next(): Promise<Date | null>;
  /** What is due, the earliest first, at most `limit`. */
  protected abstract due(now: Date, limit: number): Promise<readonly T[]>;
  protected abstract settle(due: readonly T[]): Promise<void>;

  onApplicationBootstrap(): void {
    this.stopped = false;
    this.look();
  }

  /** Takes up nothing new and waits for what is being done. */
  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.turn;
  }

  /** Something may be due earlier than was known. */
  look(): void {
    if (this.stopped || this.waiting) return;
    this.waiting = true;
    this.turn = this.turn.then(() => {
      this.waiting = false;
      return this.go();
    });
  }

  /** Does everything that is due now. */
  async settleDue(): Promise<void> {
    for (;;) {
      const due = await this.due(this.clock.now(), AT_ONCE);
      if (due.length > 0) await this.settle(due);
      if (due.length < AT_ONCE) return;
    }
  }

  private async go(): Promise<void> {
    if (this.stopped) return;
    clearTimeout(this.timer);
    let waitMs = LOOK_AT_LEAST_EVERY_MS;
    try {
      await this.settleDue();
      const next = await this.next();
      if (next !== null) waitMs = Math.min(waitMs, Math.max(1, next.getTime() - this.clock.now().getTime()));
    } catch (error) {
      waitMs = AFTER_TROUBLE_MS;
      this.logger.warn({ err: error }, 'what is due is late');
    }
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), waitMs);
    this.timer.unref();
  }
}
