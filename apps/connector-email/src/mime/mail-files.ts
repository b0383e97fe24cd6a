import { cleanLine, cutText } from './clean-text';
import { decodeWords } from './encoded-words';
import { boundHeader, fieldsOf, readRaw } from './header-fields';
import { contentOf, type Part } from './mime-parts';

/** A file of a mail. */
export interface MailFile {
  readonly name: string;
  readonly mime: string;
  /** In bytes. */
  readonly size: number;
  readonly content: Buffer;
  /** Its Content-ID without brackets. */
  readonly cid: string | null;
  /** Whether the HTML shows it where its cid stands. */
  readonly inline: boolean;
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/bmp': 'bmp',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/pkcs7-signature': 'p7s',
  'application/pgp-signature': 'asc',
  'text/plain': 'txt',
  'text/html': 'html',
  'text/calendar': 'ics',
  'text/rfc822-headers': 'txt',
  'message/rfc822': 'eml',
};

/** The files of a mail; `problem` takes what was found damaged. */
export function toFiles(parts: readonly Part[], html: string | null, problem: (text: string) => void): MailFile[] {
  const shown = new Set(
    [...(html ?? '').matchAll(/cid:([^"'\s<>)]{1,256})/gi)].map((match) => safeDecode(match[1] ?? '')),
  );
  return parts.map((part, index) => {
    const { content, damaged } = contentOf(part);
    const name = part.fileName ?? madeUpName(part, index);
    if (damaged) problem(`damaged ${part.encoding} in ${name}`);
    return {
      name,
      mime: part.type,
      size: content.length,
      content,
      cid: part.cid,
      inline: part.cid !== null && shown.has(part.cid),
    };
  });
}

function safeDecode(cid: string): string {
  try {
    return decodeURIComponent(cid);
  } catch {
    return cid;
  }
}

function madeUpName(part: Part, index: number): string {
  const extension = Object.hasOwn(EXTENSIONS, part.type) ? EXTENSIONS[part.type] : 'bin';
  if (part.type.endsWith('ms-tnef')) return 'winmail.dat';
  if (part.type !== 'message/rfc822') return `attachment-${index + 1}.${extension}`;
  // A mail in a mail is named for its subject.
  const inner = fieldsOf(boundHeader(contentOf(part).content.subarray(0, 64 * 1024), 64 * 1024).header);
  const subject = cleanLine(decodeWords(readRaw(inner.find(({ name }) => name === 'subject')?.value ?? '', null)));
  return `${cutText(subject.replace(/[/\\:*?"<>|]/g, '_'), 100) || `attachment-${index + 1}`}.eml`;
}
