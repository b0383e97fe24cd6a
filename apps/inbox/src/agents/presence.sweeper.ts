import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { newId } from '@huiliu/platform';
import { Clock, Leases } from '@huiliu/storage';
import { Logger } from 'nestjs-pino';
import { TicketsService } from '../auth/tickets.service';
import { PresenceService, PROCESS_DEAD_MS } from './presence.service';

const SWEEP_MS = 5_000;
const LEASE_MS = 20_000;
/** The clock was set when it went so much further than time did. */
const STEP_MS = 2_000;

/**
 * Runs the presence sweep every few seconds, in one process at a time. After the clock was set nobody's last sign of life can be compared
 * with it: the sweep waits until everyone has had time to give a new one.
 */
@Injectable()
export class PresenceSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly owner = newId();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private lastOffset: number | null = null;
  private waitsUntil = 0;

  constructor(
    private readonly leases: Leases,
    private readonly presence: PresenceService,
    private readonly tickets: TicketsService,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.watchClock();
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
      this.running = this.sweep().finally(() => this.schedule());
    }, SWEEP_MS);
    this.timer.unref();
  }

  private async sweep(): Promise<void> {
    try {
      this.watchClock();
      if (performance.now() < this.waitsUntil) return;
      if ((await this.leases.acquire('inbox-presence', this.owner, LEASE_MS)) === null) return;
      await this.presence.sweep();
      await this.tickets.sweep();
    } catch (error) {
      this.logger.warn({ err: error }, 'presence sweep failed; it will be tried again');
    }
  }

  private watchClock(): void {
    const offset = this.clock.now().getTime() - performance.now();
    if (this.lastOffset !== null && Math.abs(offset - this.lastOffset) > STEP_MS)
      this.waitsUntil = performance.now() + PROCESS_DEAD_MS;
    this.lastOffset = offset;
  }
}
