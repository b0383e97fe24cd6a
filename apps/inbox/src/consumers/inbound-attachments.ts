import { Injectable, Logger } from '@nestjs/common';
import type { Attachment, Content } from '@huiliu/contracts';
import { AppError } from '@huiliu/platform';
import type { Tx } from '@huiliu/storage';
import { AttachmentsService } from '../attachments/attachments.service';
import type { PlacedEvent } from './domain/plan-batch';

/**
 * Looks up the files that customers' messages name, and marks them as used in their conversation. A file that its sender did not bring is
 * left out; the message stands without it, since what was acknowledged is not lost.
 */
@Injectable()
export class InboundAttachments {
  private readonly logger = new Logger(InboundAttachments.name);

  constructor(private readonly attachments: AttachmentsService) {}

  /** The contents with their files as they are stored, by event id; events without files are absent. */
  async resolve(tx: Tx, placed: readonly PlacedEvent[]): Promise<Map<string, Content>> {
    const contents = new Map<string, Content>();
    for (const { conversationId, event } of placed) {
      if (event.type !== 'message.received' && event.type !== 'message.edited') continue;
      const { content, contact } = event.data;
      const ids = attachmentIdsOf(content);
      if (ids.length === 0) continue;
      const uploader = { type: 'visitor' as const, id: contact.contactId ?? contact.remoteId };
      const found = await this.find(tx, ids, { uploader, conversationId });
      contents.set(event.id, withAttachments(content, found));
    }
    return contents;
  }

  private async find(
    tx: Tx,
    ids: readonly string[],
    use: Parameters<AttachmentsService['resolve']>[2],
  ): Promise<Map<string, Attachment>> {
    try {
      return await this.attachments.resolve(tx, ids, use);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.logger.warn(
        { code: error.code, conversationId: use.conversationId },
        'a message names files that its sender did not bring',
      );
      return new Map();
    }
  }
}

function attachmentIdsOf(content: Content): string[] {
  if (content.kind === 'email') return content.attachments.map(({ id }) => id);
  return 'attachment' in content && content.attachment ? [content.attachment.id] : [];
}

function withAttachments(content: Content, found: ReadonlyMap<string, Attachment>): Content {
  if (content.kind === 'email')
    return { ...content, attachments: content.attachments.flatMap(({ id }) => found.get(id) ?? []) };
  if (!('attachment' in content)) return content;
  const { attachment, ...rest } = content;
  const known = attachment && found.get(attachment.id);
  return known ? { ...content, attachment: known } : rest;
}
