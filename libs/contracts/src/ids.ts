import { z } from 'zod';

/** One of our ids: 26 ULID letters. Opaque; read no time from it. */
export const Id = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'expected 26 ULID letters');
export type Id = z.infer<typeof Id>;

/** ISO-8601 UTC with milliseconds, e.g. `2026-11-23T12:00:00.000Z`. */
export const Time = z.iso.datetime({ precision: 3 });
export type Time = z.infer<typeof Time>;

/** A channel's name: lower-case words joined by hyphens (`webchat`, `wechat-official`). */
export const ChannelName = z.string().regex(/^[a-z][a-z0-9-]{1,39}$/, 'expected lower-case words joined by hyphens');

/** A platform's own id, kept verbatim. 64-bit numbers stay strings. */
export const RemoteId = z.string().min(1).max(512);

/** Chosen by the writer, unique per conversation and direction: the same id is the same message. */
export const ClientId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\x21-\x7e]+$/, 'expected 1 to 64 printable ASCII characters without spaces');
