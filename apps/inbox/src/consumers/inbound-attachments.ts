import { Injectable, Logger } from '@nestjs/common';
import type { Attachment, Content } from '@huiliu/contracts';
import type { Tx } from '@huiliu/storage';
import { AttachmentsService } from '../attachments/attachments.service';
import type { PlacedEvent } from './domain/plan-batch';

type MailContent = Extract<Content, { kind: 'email' }>;

/** More files than these are not looked up for one message. */
const MOST_FILES = 500;

/**
 * Looks up the files that customers' messages name, and marks them as used in their conversation. They were brought for the customer, or by the
 * connector for its account. A file that neither brought is left out; the message stands without it, since what was acknowledged is not lost.
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
      const { content, contact, accountId } = event.data;
      const ids = [...new Set(attachmentIdsOf(content))].slice(0, MOST_FILES);
      if (ids.length === 0) continue;
      const uploaders = [contact.contactId ?? contact.remoteId, accountId].map((id) => ({
        type: 'visitor' as const,
        id,
      }));
      const found = await this.attachments.claim(tx, ids, { uploaders, conversationId });
      if (found.size < ids.length)
        this.logger.warn(
          { conversationId, missing: ids.length - found.size },
          'a message names files that its sender did not bring',
        );
      contents.set(event.id, withAttachments(content, found));
    }
    return contents;
  }
}

function attachmentIdsOf(content: Content): string[] {
  if (content.kind === 'email')
    return [...content.attachments, ...(content.source ? [content.source] : [])]
      .map(({ id }) => id)
      .concat(inlineIdsOf(content.html));
  return 'attachment' in content && content.attachment ? [content.attachment.id] : [];
}

/** The pictures that an HTML mail shows in its text: files of ours by their addresses. */
function inlineIdsOf(html: string): string[] {
  return [...html.matchAll(/\/api\/v1\/attachments\/([0-9A-HJKMNP-TV-Z]{26})\b/g)].map((match) => String(match[1]));
}

function withAttachments(content: Content, found: ReadonlyMap<string, Attachment>): Content {
  if (content.kind === 'email') return mailWith(content, found);
  if (!('attachment' in content)) return content;
  const { attachment, ...rest } = content;
  const known = attachment && found.get(attachment.id);
  return known ? { ...content, attachment: known } : rest;
}

function mailWith(content: MailContent, found: ReadonlyMap<string, Attachment>): MailContent {
  const { source, ...rest } = content;
  const original = source && found.get(source.id);
  return {
    ...rest,
    attachments: content.attachments.flatMap(({ id }) => found.get(id) ?? []),
    ...(original ? { source: original } : {}),
  };
}
