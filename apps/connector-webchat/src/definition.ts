import { z } from 'zod';
import { MAX_TEXT } from '@huiliu/contracts';
import { type DefinitionInput, field } from '@huiliu/connector-kit';

const Origin = z
  .string()
  .max(255)
  .regex(/^https?:\/\/[^/?#\s@]+$/i, 'expected an origin such as https://shop.example, without a path');

const full = { support: 'full' } as const;

/** The chat on websites: everything that our own page can show. */
export const definition = {
  channel: 'webchat',
  version: 1,
  name: { zh: '网站在线客服', en: 'Website chat' },
  ingress: 'visitor',
  config: z.object({
    allowedOrigins: field(z.array(Origin).max(100).default([]), {
      zh: '允许的网站来源（留空则仅限本站）',
      en: 'Allowed website origins (none: only our own)',
    }),
    identitySecret: field(z.string().min(1).max(256).optional(), {
      zh: '身份签名密钥',
      en: 'Identity secret',
      secret: true,
    }),
  }),
  inbound: ['text', 'image', 'audio', 'video', 'file', 'location', 'link'],
  outbound: {
    text: { support: 'full', maxChars: MAX_TEXT },
    image: full,
    audio: full,
    video: full,
    file: full,
    location: full,
    link: full,
    menu: full,
    card: full,
    sticker: full,
    contact: full,
    email: { support: 'fallback' },
    event: { support: 'drop' },
    unsupported: { support: 'reject' },
  },
  edits: false,
  recall: { inbound: false, outbound: true, withinSeconds: null },
  receipts: ['delivered', 'read'],
  typing: { inbound: true, outbound: true },
  replyWindow: { rules: [], reserve: 0 },
  keyedSends: true,
} as const satisfies DefinitionInput;

export type WebchatConfig = z.output<typeof definition.config>;
