const ENDINGS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'audio/amr': 'amr',
  'audio/mpeg': 'mp3',
};

/** A customer's file gets the name of its id. */
export const fileName = (fid: string, mime: string): string => `${fid}.${ENDINGS[mime] ?? 'bin'}`;
