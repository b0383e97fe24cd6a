import { Injectable } from '@nestjs/common';
import { Leases } from '@huiliu/storage';
import { Sweeper } from '../sweeper';
import { AttachmentsService } from './attachments.service';

const SWEEP_MS = 600_000;
const AT_ONCE = 100;

/** Removes files that nothing has used, now and then. */
@Injectable()
export class AttachmentsSweeper extends Sweeper {
  constructor(
    leases: Leases,
    private readonly attachments: AttachmentsService,
  ) {
    super(leases, { lease: 'inbox-attachments', everyMs: SWEEP_MS, leaseMs: 3 * SWEEP_MS });
  }

  protected async sweep(): Promise<void> {
    while (!this.stopped && (await this.attachments.removeUnused(AT_ONCE)) === AT_ONCE);
  }
}
