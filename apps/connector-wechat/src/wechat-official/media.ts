import { z } from 'zod';

/** How a customer's file is found again: by its medium (for three days), and a picture by its address too. */
export const MediaRef = z.object({
  mediaId: z.string(),
  /** What the file is called, without an ending. */
  name: z.string(),
  url: z.string().optional(),
});
export type MediaRef = z.infer<typeof MediaRef>;

const ENDINGS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'audio/amr': 'amr',
  'audio/mpeg': 'mp3',
  'audio/speex': 'speex',
  'video/mp4': 'mp4',
  'video/mpeg4': 'mp4',
};

export const fileName = (name: string, mime: string): string => `${name}.${ENDINGS[mime] ?? 'bin'}`;
