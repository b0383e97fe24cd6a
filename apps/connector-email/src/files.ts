import { Readable } from 'node:stream';
import type { Attachment } from '@huiliu/contracts';
import type { InboxClient } from '@huiliu/connector-kit';
import { AppError, UPLOAD_LIMIT } from '@huiliu/platform';
import type { MailFile } from './mime/mail-files';
import type { ParsedMail } from './mime/parse-mail';
import type { StoredFiles } from './mime/to-event';

/** More files than a message may show, the source besides. */
const MOST_FILES = 200;

/**
 * Hands a mail's files and its source to the inbox. What it refuses (too large) is left out and named; while it does not answer, this throws,
 * so that the mail is read again.
 */
export async function storeFiles(
  inbox: InboxClient,
  accountId: string,
  mail: ParsedMail,
  source: Buffer,
): Promise<StoredFiles> {
  const omitted: string[] = [];
  const attachments: { cid: string | null; stored: Attachment }[] = [];
  for (const file of mail.attachments) {
    const stored = attachments.length < MOST_FILES ? await store(inbox, accountId, file) : null;
    if (stored === null) omitted.push(`not kept: ${file.name} (${file.size} bytes)`);
    else attachments.push({ cid: file.cid, stored });
  }
  const kept = await storeSource(inbox, accountId, source);
  if (kept === null) omitted.push(`not kept: the source (${source.length} bytes)`);
  return { attachments, omitted, ...(kept === null ? {} : { source: kept }) };
}

/** The source alone: of a mail that cannot be read. */
export function storeSource(inbox: InboxClient, accountId: string, source: Buffer): Promise<Attachment | null> {
  return store(inbox, accountId, { name: 'message.eml', mime: 'message/rfc822', content: source });
}

async function store(
  inbox: InboxClient,
  accountId: string,
  { name, mime, content }: Pick<MailFile, 'name' | 'mime' | 'content'>,
): Promise<Attachment | null> {
  if (content.length > UPLOAD_LIMIT) return null;
  try {
    return await inbox.upload(accountId, { stream: Readable.from([content]), name: name.slice(0, 255), mime });
  } catch (error) {
    if (error instanceof AppError && error.status < 500) return null;
    throw error;
  }
}
