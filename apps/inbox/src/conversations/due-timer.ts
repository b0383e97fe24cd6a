import { Logger } from '@nestjs/common';
import type { Clock } from '@huiliu/storage';

/** What becomes due at times that are stored. */
export interface DueWork {
  /** When the next of it is due; null when there is none. */
  next(): Promise<Date | null>;
  /** Does all of it that is due now. Several processes may at once: each thing is judged again under its lock. */
  run(): Promise<void>;
}

/** How late at most a process learns of what another has stored. */
const LOOK_AT_LEAST_EVERY_MS = 15_000;
const AFTER_TROUBLE_MS = 5_000;

/**
 * Wakes when stored work is due, after a look for the earliest of it. Every process has one: whoever comes first does the work under the
 * rows' locks, so no lease is needed and none can be lost.
 */
export class DueTimer {
  private readonly logger: Logger;
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();
  private waiting = false;
  private stopped = true;

  constructor(
    name: string,
    private readonly work: DueWork,
    private readonly clock: Clock,
  ) {
    this.logger = new Logger(name);
  }

  start(): void {
    this.stopped = false;
    this.look();
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

  /** Takes up nothing new and waits for what is being done. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.turn;
  }

  private async go(): Promise<void> {
    if (this.stopped) return;
    clearTimeout(this.timer);
    let waitMs = LOOK_AT_LEAST_EVERY_MS;
    try {
      await this.work.run();
      const next = await this.work.next();
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
