import { z } from 'zod';
import { type DefinitionInput, field } from '@huiliu/connector-kit';

const MB = 1024 * 1024;

/** A personal WeChat, held by a puppet of wechaty. What this breaks stands in the README. */
export const definition = {
  channel: 'wechaty',
  version: 1,
  name: { zh: '个人微信（wechaty）', en: 'Personal WeChat (wechaty)' },
  ingress: 'socket',
  config: z.object({
    // A package's name and nothing else: it is loaded as code.
    puppet: field(
      z
        .string()
        .max(100)
        .regex(/^(@[a-z0-9-]+\/)?wechaty-puppet-[a-z0-9-]+$/)
        .default('wechaty-puppet-service'),
      {
        zh: 'Puppet（npm 包名，通常是 wechaty-puppet-service）',
        en: 'Puppet (npm package, mostly wechaty-puppet-service)',
      },
    ),
    token: field(
      z
        .string()
        .max(256)
        .regex(/^[\w.-]+$/),
      {
        zh: 'Puppet 服务令牌（Token）',
        en: 'Puppet service token',
        secret: true,
      },
    ),
    endpoint: field(
      z
        .string()
        .max(260)
        .regex(/^(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}$/)
        .optional(),
      {
        zh: 'Puppet 服务地址（主机:端口；留空则按令牌查找）',
        en: 'Puppet service address (host:port; looked up by the token unless given)',
      },
    ),
    groups: field(z.boolean().default(true), { zh: '接收群聊', en: 'Take group chats' }),
  }),
  inbound: [
    'text',
    'image',
    'audio',
    'video',
    'file',
    'location',
    'link',
    'card',
    'sticker',
    'contact',
    'event',
    'unsupported',
  ],
  outbound: {
    // No limit is published; 2,048 bytes is what holds everywhere.
    text: { support: 'full', maxBytes: 2048 },
    image: { support: 'partial', maxBytes: 20 * MB, mime: ['image/*'] },
    audio: { support: 'partial', maxBytes: 20 * MB, mime: ['audio/*'] },
    video: { support: 'partial', maxBytes: 20 * MB, mime: ['video/*'] },
    file: { support: 'partial', maxBytes: 20 * MB },
    // Few puppets can send these as themselves; as text they arrive through all of them.
    location: { support: 'fallback' },
    link: { support: 'fallback' },
    menu: { support: 'fallback' },
    card: { support: 'fallback' },
    sticker: { support: 'fallback' },
    contact: { support: 'fallback' },
    email: { support: 'fallback' },
    event: { support: 'drop' },
    unsupported: { support: 'reject' },
  },
  edits: false,
  recall: { inbound: true, outbound: true, withinSeconds: 120 },
  receipts: [],
  typing: { inbound: false, outbound: false },
  // One friend to another: there is no window.
  replyWindow: { rules: [], reserve: 0 },
  keyedSends: false,
} as const satisfies DefinitionInput;

export type WechatyConfig = z.output<typeof definition.config>;
