import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Attachment } from '@huiliu/contracts';
import { Clock, Database, toDbTime } from '@huiliu/storage';
import { connectorPrefix, HOST_OPTIONS, type HostOptions } from '../host-options';
import { type FileUpload, InboxClient } from './inbox-client';

/** Unused files are kept by the inbox no longer than this either. */
const KEEP_MS = 7 * 24 * 3600_000;
const PRUNE_EVERY_MS = 3600_000;

/** Files brought through this connector, and by whom: a message that names one is checked without the inbox. */
@Injectable()
export class Uploads implements OnApplicationShutdown {
  private readonly logger = new Logger('Uploads');
  private readonly table: string;
  private readonly pruning: NodeJS.Timeout;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(InboxClient) private readonly inbox: InboxClient,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    this.table = `${connectorPrefix(options.app)}_uploads`;
    this.pruning = setInterval(() => void this.prune(), PRUNE_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.pruning);
  }

  /** Hands a file to the inbox and remembers whose it is. */
  async add(uploaderId: string, file: FileUpload): Promise<Attachment> {
    const attachment = await this.inbox.upload(uploaderId, file);
    await this.database.transaction((tx) =>
      tx.insertMany(
        this.table,
        ['attachment_id', 'uploader_id', 'attachment', 'created_at'],
        [[attachment.id, uploaderId, JSON.stringify(attachment), toDbTime(this.clock.now())]],
      ),
    );
    return attachment;
  }

  /** The file as the inbox described it; null unless this uploader brought it. */
  async find(uploaderId: string, attachmentId: string): Promise<Attachment | null> {
    const [row] = await this.database.query<{ attachment: string }>(
      `SELECT attachment FROM ${this.table} WHERE attachment_id = ? AND uploader_id = ?`,
      [attachmentId, uploaderId],
    );
    return row === undefined ? null : Attachment.parse(JSON.parse(row.attachment));
  }

  private async prune(): Promise<void> {
    try {
      const before = toDbTime(new Date(this.clock.now().getTime() - KEEP_MS));
      await this.database.transaction((tx) => tx.execute(`DELETE FROM ${this.table} WHERE created_at < ?`, [before]));
    } catch (error) {
      this.logger.warn({ err: error }, 'old uploads cannot be removed now');
    }
  }
}
