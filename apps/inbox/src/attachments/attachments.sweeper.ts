import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { newId } from '@huiliu/platform';
import { Leases } from '@huiliu/storage';
import { Logger } from 'nestjs-pino';
import { AttachmentsService } from './attachments.service';

const SWEEP_MS = 600_000;
const LEASE_MS = 3 * SWEEP_MS;
const AT_ONCE = 100;

/** Removes files that nothing has used, now and then, in one process at a time. */
@Injectable()
export class AttachmentsSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly owner = newId();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly leases: Leases,
    private readonly attachments: AttachmentsService,
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
      if ((await this.leases.acquire('inbox-attachments', this.owner, LEASE_MS)) === null) return;
      while (!this.stopped && (await this.attachments.removeUnused(AT_ONCE)) === AT_ONCE);
    } catch (error) {
      this.logger.warn({ err: error }, 'unused files could not be removed; it will be tried again');
    }
  }
}
