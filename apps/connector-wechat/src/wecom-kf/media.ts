import { z } from 'zod';

/** How a customer's file is found again, for three days. */
export const MediaRef = z.object({
  mediaId: z.string(),
  /** What it is called where the platform gives no name. */
  name: z.string(),
});
export type MediaRef = z.infer<typeof MediaRef>;

const ENDINGS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'audio/amr': 'amr',
  'audio/silk': 'silk',
  'video/mp4': 'mp4',
  'application/pdf': 'pdf',
};

/** The file's name: the platform's, else one of the message's id and what the file is. */
export function fileName(ref: MediaRef, mime: string, disposition: string | undefined): string {
  const given = nameIn(disposition ?? '');
  return given === '' ? `${ref.name}.${ENDINGS[mime] ?? 'bin'}` : given;
}

/** `filename*` (RFC 5987) or `filename`; without any path. Headers are read as Latin-1 where the platform wrote UTF-8. */
function nameIn(disposition: string): string {
  const extended = /filename\*\s*=\s*utf-8''([^;]+)/i.exec(disposition)?.[1];
  const plain = /filename\s*=\s*(?:"([^"]*)"|([^;]+))/i.exec(disposition);
  const name = decoded(extended ?? '') || fromLatin1(plain?.[1] ?? plain?.[2] ?? '');
  return (name.split(/[\\/]/).at(-1) ?? '')
    .replace(/\p{Cc}/gu, '')
    .trim()
    .slice(0, 255)
    .toWellFormed();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function fromLatin1(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  const utf8 = bytes.toString('utf8');
  return /^[\u0000-\u00ff]*$/.test(text) && !utf8.includes('\ufffd') ? utf8 : text;
}
