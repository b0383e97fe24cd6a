import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { newId } from '@huiliu/platform';
import type { Leases } from '@huiliu/storage';

export interface SweepOptions {
  readonly lease: string;
  readonly everyMs: number;
  /** Longer than one sweep and the rest behind it. */
  readonly leaseMs: number;
}

/** Something to be done again and again, by one process at a time. */
export abstract class Sweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(this.constructor.name);
  private readonly owner = newId();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  protected stopped = false;

  constructor(
    private readonly leases: Leases,
    private readonly options: SweepOptions,
  ) {}

  protected abstract sweep(): Promise<void>;

  /** Whether this process is fit to sweep now. */
  protected mayNow(): boolean {
    return true;
  }

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.turn().finally(() => this.schedule());
    }, this.options.everyMs);
    this.timer.unref();
  }

  private async turn(): Promise<void> {
    try {
      const { lease, leaseMs } = this.options;
      if (this.mayNow() && (await this.leases.acquire(lease, this.owner, leaseMs)) !== null) await this.sweep();
    } catch (error) {
      this.logger.warn({ err: error }, 'the sweep failed; it will be tried again');
    }
  }
}
