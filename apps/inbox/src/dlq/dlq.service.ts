import { Injectable } from '@nestjs/common';
import { DLQ_COMMANDS, Id, Time, type DlqItem } from '@huiliu/contracts';
import { toOutbox, wrap } from '@huiliu/bus';
import { badRequest, notFound } from '@huiliu/platform';
import { Clock, Database, Outbox } from '@huiliu/storage';
import { z } from 'zod';
import { DlqRepository, type DlqPlace } from './dlq.repository';

const Place = z.tuple([Time, Id]);

@Injectable()
export class DlqService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly repository: DlqRepository,
  ) {}

  /** What could not be handled, the newest first. */
  async list(cursor: string | null, limit: number): Promise<{ items: DlqItem[]; nextCursor: string | null }> {
    const items = await this.repository.page(cursor === null ? null : readCursor(cursor), limit + 1);
    const page = items.slice(0, limit);
    const last = page.at(-1);
    return { items: page, nextCursor: items.length > limit && last ? writeCursor(last) : null };
  }

  /** Tells the consumer that holds an entry what to do with it. The entry leaves the list when the consumer has done so. */
  async command(id: string, type: 'dlq.replay' | 'dlq.discard'): Promise<DlqItem> {
    const item = await this.repository.find(id);
    if (item === undefined) throw notFound('entry');
    const { consumer, topic } = item;
    await this.db.transaction((tx) =>
      this.outbox.add(tx, [toOutbox(wrap(DLQ_COMMANDS, type, consumer, { id, consumer, topic }, this.clock.now()))]),
    );
    return item;
  }
}

function writeCursor(item: DlqItem): string {
  return Buffer.from(JSON.stringify([item.createdAt, item.id])).toString('base64url');
}

function readCursor(cursor: string): DlqPlace {
  try {
    const [createdAt, id] = Place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { createdAt, id };
  } catch {
    throw badRequest('invalid', 'the cursor is not one of ours', [{ path: 'cursor', message: 'invalid' }]);
  }
}
