/** How many bytes of a file are looked at. */
export const HEAD_BYTES = 4100;

const OCTETS = 'application/octet-stream';

/** A type and what its files begin with: bytes as hex, `..` for any, at an offset. */
type Signature = readonly [mime: string, hex: string, offset?: number];

const SIGNATURES: readonly Signature[] = [
  ['image/jpeg', 'ffd8ff'],
  ['image/png', '89504e470d0a1a0a'],
  ['image/gif', '474946383761'],
  ['image/gif', '474946383961'],
  ['image/webp', '52494646........57454250'],
  ['image/bmp', '424d........00000000'],
  ['image/tiff', '49492a00'],
  ['image/tiff', '4d4d002a'],
  ['image/x-icon', '00000100'],
  ['image/avif', '6674797061766966', 4],
  ['image/heic', '6674797068656963', 4],
  ['image/heic', '667479706d696631', 4],
  ['audio/mp4', '667479704d3441', 4],
  ['video/quicktime', '667479707174', 4],
  ['video/3gpp', '66747970336770', 4],
  ['video/mp4', '66747970', 4],
  ['video/webm', '1a45dfa3'],
  ['video/x-msvideo', '52494646........41564920'],
  ['video/x-flv', '464c5601'],
  ['audio/wav', '52494646........57415645'],
  ['audio/mpeg', '494433'],
  ['audio/mpeg', 'fffb'],
  ['audio/mpeg', 'fff3'],
  ['audio/aac', 'fff1'],
  ['audio/aac', 'fff9'],
  ['audio/ogg', '4f676753'],
  ['audio/flac', '664c6143'],
  ['audio/amr', '2321414d52'],
  ['audio/silk', '232153494c4b'],
  ['audio/silk', '02232153494c4b'],
  ['application/pdf', '255044462d'],
  ['application/zip', '504b0304'],
  ['application/zip', '504b0506'],
  ['application/x-rar-compressed', '526172211a07'],
  ['application/x-7z-compressed', '377abcaf271c'],
  ['application/gzip', '1f8b'],
  ['application/x-ole-storage', 'd0cf11e0a1b11ae1'],
];

/** Formats that are made of another, which alone can be told by its bytes. */
const INSIDE: Readonly<Record<string, RegExp>> = {
  'application/zip':
    /^application\/(vnd\.openxmlformats-officedocument\.[a-z.]+|vnd\.oasis\.opendocument\.[a-z]+|epub\+zip)$/,
  'application/x-ole-storage': /^application\/(msword|vnd\.ms-excel|vnd\.ms-powerpoint|vnd\.ms-outlook)$/,
  'video/webm': /^(audio\/webm|video\/x-matroska)$/,
  'audio/ogg': /^(video\/ogg|audio\/opus)$/,
  'video/mp4': /^audio\/mp4$/,
};

/** Text that no browser runs. */
const PLAIN_TEXT = /^text\/(plain|csv|markdown|tab-separated-values)$/;

/** Raster images: the only files that are shown in place. Everything else is downloaded. */
const SHOWN_INLINE: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/bmp']);

export function isShownInline(mime: string): boolean {
  return SHOWN_INLINE.has(mime);
}

/**
 * The type of a file by its first bytes. Where they say another than what was declared, they win; what they do not tell is
 * `application/octet-stream`, declared plain text without control bytes excepted. SVG, HTML and scripts have no signature.
 */
export function mimeOf(head: Uint8Array, declared: string): string {
  const said = declared.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const found = SIGNATURES.find(([, hex, offset = 0]) => matches(head, hex, offset))?.[0];
  if (found !== undefined) return INSIDE[found]?.test(said) ? said : found;
  return PLAIN_TEXT.test(said) && isText(head) ? said : OCTETS;
}

function matches(head: Uint8Array, hex: string, offset: number): boolean {
  if (head.length < offset + hex.length / 2) return false;
  for (let i = 0; i < hex.length; i += 2) {
    const byte = hex.slice(i, i + 2);
    if (byte !== '..' && head[offset + i / 2] !== parseInt(byte, 16)) return false;
  }
  return true;
}

function isText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}
