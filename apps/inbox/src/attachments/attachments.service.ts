import { Injectable } from '@nestjs/common';
import type { Attachment } from '@huiliu/contracts';
import { badRequest, newId, notFound } from '@huiliu/platform';
import { Clock, Database, toDbTime, type Row, type Tx } from '@huiliu/storage';
import type { Readable } from 'node:stream';
import type { Viewer } from '../auth/viewer';
import { Directory } from '../directory/directory';
import { AttachmentStore } from './attachment-store';
import { normaliseFileName } from './domain/file-name';
import { mimeOf } from './domain/magic';

/** Who has brought a file: an agent, or a connector for its visitor. */
export interface Uploader {
  readonly type: 'agent' | 'visitor';
  readonly id: string;
}

/** An upload as it comes in; name and type are what the sender says. */
export interface Upload {
  readonly stream: Readable;
  readonly name: string;
  readonly mime: string;
}

const HOUR_MS = 3_600_000;
/** How long a file waits for the message that uses it. */
const UNSENT_MS = 48 * HOUR_MS;
const BROUGHT_MS = 30 * 24 * HOUR_MS;

/** A file that may be read. */
export interface ReadableFile extends Attachment {
  readonly storageName: string;
}

@Injectable()
export class AttachmentsService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly store: AttachmentStore,
    private readonly directory: Directory,
  ) {}

  /** Keeps a file; until a message uses it, its uploader alone sees it. */
  async add(upload: Upload, uploader: Uploader): Promise<Attachment> {
    const { storageName, size, head } = await this.store.write(upload.stream);
    const id = newId();
    const name = normaliseFileName(upload.name);
    const mime = mimeOf(head, upload.mime);
    try {
      await this.db.transaction((tx) =>
        tx.insertMany(
          'inbox_attachments',
          ['id', 'name', 'mime', 'size', 'storage_name', 'uploader_type', 'uploader_id', 'created_at'],
          [[id, name, mime, size, storageName, uploader.type, uploader.id, toDbTime(this.clock.now())]],
        ),
      );
    } catch (error) {
      await this.store.remove(storageName);
      throw error;
    }
    return { id, name, mime, size, url: urlOf(id) };
  }

  /**
   * What these ids stand for, for a message in `conversationId`, and marks them as used there. 400 `unknown_attachment` unless every one
   * was brought by `uploader` and is not used in another conversation.
   */
  async resolve(
    tx: Tx,
    ids: readonly string[],
    use: { readonly uploader: Uploader; readonly conversationId: string },
  ): Promise<Map<string, Attachment>> {
    const found = await this.claim(tx, ids, { uploaders: [use.uploader], conversationId: use.conversationId });
    const unknown = ids.filter((id) => !found.has(id));
    if (unknown.length > 0)
      throw badRequest('unknown_attachment', `no such attachment: ${unknown.join(', ')}`, { ids: unknown });
    return found;
  }

  /** The same, but what none of the uploaders brought, or another conversation uses, is left out. */
  async claim(
    tx: Tx,
    ids: readonly string[],
    use: { readonly uploaders: readonly Uploader[]; readonly conversationId: string },
  ): Promise<Map<string, Attachment>> {
    const found = new Map<string, Attachment>();
    if (ids.length === 0) return found;
    const rows = await tx.lock<Row>('inbox_attachments', 'id', [...new Set(ids)].sort(), [
      'id',
      'name',
      'mime',
      'size',
      'storage_name',
      'uploader_type',
      'uploader_id',
      'used_in',
    ]);
    for (const row of rows) {
      const theirs = use.uploaders.some(({ type, id }) => row.uploader_type === type && row.uploader_id === id);
      if (theirs && (row.used_in === null || row.used_in === use.conversationId))
        found.set(String(row.id), attachmentOf(row));
    }
    const fresh = rows.flatMap((row) => (row.used_in === null && found.has(String(row.id)) ? String(row.id) : []));
    if (fresh.length > 0)
      await tx.execute(`UPDATE inbox_attachments SET used_in = ? WHERE id IN (${fresh.map(() => '?').join(', ')})`, [
        use.conversationId,
        ...fresh,
      ]);
    return found;
  }

  /**
   * Removes files that no message has used: an agent's after two days, a connector's after thirty, since the event that names them may be
   * parked meanwhile. At most so many at a time; answers how many.
   */
  async removeUnused(limit: number): Promise<number> {
    const now = this.clock.now().getTime();
    const before = (ms: number): string => toDbTime(new Date(now - ms));
    const due = `used_in IS NULL AND (created_at < ? OR (created_at < ? AND uploader_type = 'agent'))`;
    const times = [before(BROUGHT_MS), before(UNSENT_MS)];
    const found = await this.db.query<Row>(
      `SELECT id, storage_name FROM inbox_attachments WHERE ${due} ORDER BY created_at LIMIT ?`,
      [...times, limit],
    );
    // One that a message takes at this moment stays: who comes second finds it used, or gone.
    const removed = await this.db.transaction(async (tx) => {
      const locked = await tx.lock<Row>(
        'inbox_attachments',
        'id',
        found.map(({ id }) => String(id)),
        ['id', 'used_in'],
      );
      const ids = locked.flatMap(({ id, used_in }) => (used_in === null ? String(id) : []));
      if (ids.length > 0)
        await tx.execute(`DELETE FROM inbox_attachments WHERE id IN (${ids.map(() => '?').join(', ')})`, ids);
      return new Set(ids);
    });
    for (const { id, storage_name } of found)
      if (removed.has(String(id))) await this.store.remove(String(storage_name));
    return removed.size;
  }

  /** A file for an agent who may see it; else 404. */
  async forAgent(viewer: Pick<Viewer, 'id' | 'role'>, id: string): Promise<ReadableFile> {
    const row = await this.row(id);
    if (row.used_in === null) {
      if (row.uploader_type === 'agent' && row.uploader_id === viewer.id) return fileOf(row);
      throw notFound('attachment');
    }
    const [conversation] = await this.db.query<Row>(
      'SELECT assignee_id, team_id, account_id FROM inbox_conversations WHERE id = ?',
      [String(row.used_in)],
    );
    if (conversation === undefined) throw notFound('attachment');
    const access = {
      assigneeId: conversation.assignee_id as string | null,
      teamId: conversation.team_id as string | null,
      accountId: String(conversation.account_id),
    };
    if (!this.directory.canSee(viewer, access)) throw notFound('attachment');
    return fileOf(row);
  }

  /** A file for the visitor of a conversation: brought by the visitor, or used there in a message that is the customer's to see. */
  async forVisitor(id: string, conversationId: string, visitorId: string | null): Promise<ReadableFile> {
    const row = await this.row(id);
    if (row.uploader_type === 'visitor' && row.uploader_id === visitorId) return fileOf(row);
    if (row.used_in !== conversationId) throw notFound('attachment');
    if (row.uploader_type === 'visitor' || (await this.isPublic(id, conversationId))) return fileOf(row);
    throw notFound('attachment');
  }

  /** Opens a file, or a part of it. */
  open(file: ReadableFile, range?: { readonly start: number; readonly end: number }): Readable {
    return this.store.read(file.storageName, range);
  }

  /** Whether a message that the customer sees holds the file: an agent may also have put it into a note. */
  private async isPublic(id: string, conversationId: string): Promise<boolean> {
    const rows = await this.db.query(
      'SELECT id FROM inbox_messages WHERE conversation_id = ? AND is_public = 1 AND content LIKE ? LIMIT 1',
      [conversationId, `%"${id}"%`],
    );
    return rows.length > 0;
  }

  private async row(id: string): Promise<Row> {
    const [row] = await this.db.query<Row>('SELECT * FROM inbox_attachments WHERE id = ?', [id]);
    if (row === undefined) throw notFound('attachment');
    return row;
  }
}

const urlOf = (id: string): string => `/api/v1/attachments/${id}`;

function attachmentOf(row: Row): Attachment {
  const id = String(row.id);
  return { id, name: String(row.name), mime: String(row.mime), size: Number(row.size), url: urlOf(id) };
}

const fileOf = (row: Row): ReadableFile => ({ ...attachmentOf(row), storageName: String(row.storage_name) });
