import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { newId } from '@huiliu/platform';
import { Leases } from '@huiliu/storage';
import { Logger } from 'nestjs-pino';
import { TicketsService } from '../auth/tickets.service';
import { PresenceService } from './presence.service';

const SWEEP_MS = 5_000;
const LEASE_MS = 20_000;

/** Runs the presence sweep every few seconds, in one process at a time. */
@Injectable()
export class PresenceSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly owner = newId();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly leases: Leases,
    private readonly presence: PresenceService,
    private readonly tickets: TicketsService,
    private readonly logger: Logger,
  ) {}

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
      this.running = this.sweep().finally(() => this.schedule());
    }, SWEEP_MS);
    this.timer.unref();
  }

  private async sweep(): Promise<void> {
    try {
      if ((await this.leases.acquire('inbox-presence', this.owner, LEASE_MS)) === null) return;
      await this.presence.sweep();
      await this.tickets.sweep();
    } catch (error) {
      this.logger.warn({ err: error }, 'presence sweep failed; it will be tried again');
    }
  }
}
