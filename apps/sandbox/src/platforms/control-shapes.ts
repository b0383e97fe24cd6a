import { z } from 'zod';

const customer = z.string().regex(/^[\w-]{1,64}$/);

/** How a push is spoilt: what a forger or a broken proxy would send. */
export const TAMPERINGS = [
  'forged',
  'unsigned',
  'doubled',
  'truncated',
  'stale',
  'other_secret',
  're_serialised',
  'other_body',
] as const;
const tamper = z.enum(TAMPERINGS).optional();

const file = z.object({
  name: z.string().max(255),
  mime: z.string().max(127),
  /** Base64. */
  data: z.string().max(4 * 1024 * 1024),
});

/** What a customer says. `raw`: fields put into the push beside or instead of the usual ones; `json`: the same where a field may hold fields. */
export const Said = z.object({
  customer,
  kind: z.enum([
    'text',
    'image',
    'voice',
    'video',
    'shortvideo',
    'file',
    'location',
    'link',
    'miniprogram',
    // In public: a comment under a post of ours, one under a post of theirs that names us, a post that names us.
    'comment',
    'comment_mention',
    'mention',
    'raw',
  ]),
  text: z.string().max(20_000).optional(),
  file: file.optional(),
  recognition: z.string().max(2000).optional(),
  latitude: z.number().optional(),
  longitude: z.number().optional(),
  label: z.string().max(500).optional(),
  title: z.string().max(500).optional(),
  description: z.string().max(2000).optional(),
  url: z.string().max(2000).optional(),
  raw: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  json: z.record(z.string(), z.unknown()).optional(),
  tamper,
});
export type Said = z.infer<typeof Said>;

/** What happens without being said. */
export const Happened = z.object({
  customer,
  event: z.string().min(1).max(64),
  key: z.string().max(512).optional(),
  raw: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  tamper,
});
export type Happened = z.infer<typeof Happened>;

/** On calls of ours: the first eight; on pushes: the rest. */
export const FAULTS = [
  'slow',
  'error_5xx',
  'busy',
  'rate_limited',
  'timeout_after_accept',
  'token_revoked',
  'window_closed',
  'banned',
  'media_expired',
  'duplicate',
  'reorder',
  'wrong_signature',
] as const;
export type Fault = (typeof FAULTS)[number];

/** The next `times` calls or pushes suffer it; 0 takes it back. `path`: only calls whose path contains it. */
export const FaultOrder = z.object({
  fault: z.enum(FAULTS),
  times: z.number().int().min(0).max(10_000).default(1),
  ms: z.number().int().min(0).max(60_000).default(6_000),
  path: z.string().max(200).optional(),
});
export type FaultOrder = z.infer<typeof FaultOrder>;

/** How pushes are repeated: no answer within `answerMs`, or one that is no success, is tried again after `pauseMs`, `tries` in all. */
export const Schedule = z.object({
  answerMs: z.number().int().min(1).max(60_000),
  pauseMs: z.number().int().min(0).max(60_000),
  tries: z.number().int().min(1).max(10),
});
export type Schedule = z.infer<typeof Schedule>;

export const Settings = z.object({ schedule: Schedule.optional() }).catchall(z.unknown());
