import { z } from 'zod';
import { Id } from './ids';

/** The longest text that one message may hold, in characters. Connectors split further for their platform. */
export const MAX_TEXT = 20_000;

/** Text that a person reads: no NUL and no unpaired surrogate (either would be stored differently than it was sent). */
export const SafeText = z
  .string()
  .refine((s) => !s.includes('\u0000'), 'must not contain NUL')
  .refine((s) => s.isWellFormed(), 'must be well-formed Unicode');

/** What came from outside as such a text: no NUL, no half characters, not too long. It may be empty then. */
export const cleanText = (text: string, most = MAX_TEXT): string =>
  text.replaceAll('\u0000', '').slice(0, most).toWellFormed();

const text = SafeText.max(MAX_TEXT);
const webUrl = z
  .string()
  .max(4096)
  .refine((s) => /^https?:\/\//i.test(s), 'expected an http(s) address');

/** A stored file as it is shown: `url` needs a bearer or a ticket; size in bytes. */
export const Attachment = z.object({
  id: Id,
  name: z.string().max(255),
  mime: z.string().max(127),
  size: z.number().int().nonnegative(),
  url: z.string(),
});
export type Attachment = z.infer<typeof Attachment>;

/** The types of things that happen on a platform without being said. */
export const EVENT_TYPES = [
  'follow',
  'unfollow',
  'scan',
  'menu_click',
  'menu_view',
  'location',
  'enter_session',
  'session_changed',
  'template_result',
  'other',
] as const;

const TextContent = z.object({ kind: z.literal('text'), text: text.min(1) });
const attachmentKind = <K extends 'image' | 'audio' | 'video' | 'file'>(kind: K) =>
  z.object({ kind: z.literal(kind), text: text.default(''), attachment: Attachment.optional() });
const LocationContent = z.object({
  kind: z.literal('location'),
  text: text.default(''),
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  name: SafeText.max(512).optional(),
  address: SafeText.max(1024).optional(),
});
const LinkContent = z.object({
  kind: z.literal('link'),
  text: text.default(''),
  title: SafeText.max(512),
  description: SafeText.max(2048).default(''),
  url: webUrl,
  imageUrl: webUrl.optional(),
});
const MenuContent = z.object({
  kind: z.literal('menu'),
  text: text.default(''),
  items: z.array(z.object({ id: z.string().max(128), text: SafeText.max(512), url: webUrl.optional() })).max(50),
});
const CardContent = z.object({
  kind: z.literal('card'),
  text: text.default(''),
  card: z.enum(['product', 'order', 'miniprogram']),
  title: SafeText.max(512),
  description: SafeText.max(2048).default(''),
  url: webUrl.optional(),
  imageUrl: webUrl.optional(),
  fields: z.record(z.string().max(64), SafeText.max(1024)).default({}),
});
const StickerContent = z.object({
  kind: z.literal('sticker'),
  text: text.default(''),
  imageUrl: webUrl.optional(),
  attachment: Attachment.optional(),
});
const ContactContent = z.object({
  kind: z.literal('contact'),
  text: text.default(''),
  name: SafeText.max(255),
  remoteId: z.string().max(512).optional(),
});
/** A name and an address as a mail gives them. */
const MailAddress = z.object({ name: z.string().max(320), address: z.string().max(320) });

/** Why a mail is no person's answer: nothing automatic may answer it (RFC 3834 and its relatives). */
export const AUTOMATIC_MAIL = ['auto-reply', 'auto-generated', 'list', 'bounce', 'feedback', 'disposition'] as const;

/** `text` is what was newly written; what was quoted below it stands in `quoted`, and marked as such in `html`. */
const EmailContent = z.object({
  kind: z.literal('email'),
  text: SafeText.max(500_000).default(''),
  subject: SafeText.max(2000),
  html: z.string().max(2_000_000),
  attachments: z.array(Attachment).max(200).default([]),
  cc: z.array(z.string().max(320)).max(200).default([]),
  quoted: SafeText.max(500_000).optional(),
  from: MailAddress.optional(),
  to: z.array(MailAddress).max(200).optional(),
  /** Where an answer is wanted, when elsewhere than at `from`. */
  replyTo: MailAddress.optional(),
  automatic: z.enum(AUTOMATIC_MAIL).optional(),
  /** The mail as it came, for download. */
  source: Attachment.optional(),
  /** What could not be kept or read, in words: too large, too many, broken. */
  omitted: z.array(SafeText.max(500)).max(50).optional(),
});
const EventContent = z.object({
  kind: z.literal('event'),
  text: text.default(''),
  event: z.object({
    type: z.enum(EVENT_TYPES),
    key: z.string().max(512).nullable(),
    platformType: z.string().max(128),
  }),
});
const UnsupportedContent = z.object({
  kind: z.literal('unsupported'),
  text: text.default(''),
  platformType: z.string().max(128),
  raw: z.string().max(100_000).optional(),
});

/** What a message says, in one of the canonical kinds. Every kind carries `text`, its plain rendering. */
export const Content = z.discriminatedUnion('kind', [
  TextContent,
  attachmentKind('image'),
  attachmentKind('audio'),
  attachmentKind('video'),
  attachmentKind('file'),
  LocationContent,
  LinkContent,
  MenuContent,
  CardContent,
  StickerContent,
  ContactContent,
  EmailContent,
  EventContent,
  UnsupportedContent,
]);
export type Content = z.infer<typeof Content>;
export type ContentKind = Content['kind'];

export const CONTENT_KINDS = [
  'text',
  'image',
  'audio',
  'video',
  'file',
  'location',
  'link',
  'menu',
  'card',
  'sticker',
  'contact',
  'email',
  'event',
  'unsupported',
] as const satisfies readonly ContentKind[];

const uploaded = <K extends 'image' | 'audio' | 'video' | 'file'>(kind: K) =>
  z.strictObject({ kind: z.literal(kind), text: text.default(''), attachment: z.object({ id: Id }) });

/**
 * What a person may write: an agent by REST, a visitor on the website. An attachment is named by the id its upload gave; whatever else that
 * answer said may stand beside it and counts for nothing.
 */
export const WritableContent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('text'), text: text.refine((s) => s.trim() !== '', 'must not be blank') }),
  uploaded('image'),
  uploaded('audio'),
  uploaded('video'),
  uploaded('file'),
  LocationContent.strict(),
  LinkContent.strict(),
]);
export type WritableContent = z.infer<typeof WritableContent>;

/** The content with its plain rendering, where whoever wrote it left that to us. */
export function withPlainText<C extends Content>(content: C): C {
  if (content.text !== '') return content;
  if (content.kind === 'link') return { ...content, text: `${content.title} ${content.url}`.trim() };
  if (content.kind === 'location')
    return { ...content, text: content.name ?? content.address ?? `${content.latitude}, ${content.longitude}` };
  return content;
}
