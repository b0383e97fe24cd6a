import { Injectable } from '@nestjs/common';
import { breaks } from '@huiliu/platform';
import { Clock, Leases } from '@huiliu/storage';
import { TicketsService } from '../auth/tickets.service';
import { Sweeper } from '../sweeper';
import { PresenceService, PROCESS_DEAD_MS } from './presence.service';

const SWEEP_MS = 5_000;
const LEASE_MS = 20_000;
/** The clock was set when it went so much further than time did. */
const STEP_MS = 2_000;

/**
 * Runs the presence sweep every few seconds. After the clock was set nobody's last sign of life can be compared with it: the sweep waits
 * until everyone has had time to give a new one.
 */
@Injectable()
export class PresenceSweeper extends Sweeper {
  private lastOffset: number | null = null;
  private waitsUntil = 0;

  constructor(
    leases: Leases,
    private readonly presence: PresenceService,
    private readonly tickets: TicketsService,
    private readonly clock: Clock,
  ) {
    super(leases, { lease: 'inbox-presence', everyMs: SWEEP_MS, leaseMs: LEASE_MS });
  }

  override onApplicationBootstrap(): void {
    this.watchClock();
    super.onApplicationBootstrap();
  }

  protected override mayNow(): boolean {
    this.watchClock();
    return performance.now() >= this.waitsUntil || breaks('stepped-clock');
  }

  protected async sweep(): Promise<void> {
    await this.presence.sweep();
    await this.tickets.sweep();
  }

  private watchClock(): void {
    const offset = this.clock.now().getTime() - performance.now();
    if (this.lastOffset !== null && Math.abs(offset - this.lastOffset) > STEP_MS)
      this.waitsUntil = performance.now() + PROCESS_DEAD_MS;
    this.lastOffset = offset;
  }
}
