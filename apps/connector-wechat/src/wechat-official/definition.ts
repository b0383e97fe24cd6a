import { z } from 'zod';
import { type DefinitionInput, field } from '@huiliu/connector-kit';
import { isEncodingAesKey } from '@huiliu/wire';

const MB = 1024 * 1024;
const MINUTE = 60;
const TWO_DAYS = 48 * 3600;

const address = z.url({ protocol: /^https?$/ }).max(2000);

/** WeChat official accounts, and the customer service of mini programs: the same codec with other windows and fewer kinds. */
export const definition = {
  channel: 'wechat-official',
  version: 1,
  name: { zh: '微信公众号', en: 'WeChat official account' },
  ingress: 'webhook',
  config: z.object({
    appId: field(z.string().min(1).max(64), { zh: '开发者 ID（AppID）', en: 'AppID' }),
    appSecret: field(z.string().min(1).max(256), { zh: '开发者密码（AppSecret）', en: 'AppSecret', secret: true }),
    token: field(z.string().min(1).max(64), { zh: '令牌（Token）', en: 'Token', secret: true }),
    encodingAesKey: field(
      z.string().refine(isEncodingAesKey, 'expected the 43 letters of the EncodingAESKey').optional(),
      { zh: '消息加解密密钥（安全模式必填）', en: 'EncodingAESKey (safe mode)', secret: true },
    ),
    service: field(z.enum(['official', 'mini-program']).default('official'), {
      zh: '服务类型：公众号或小程序客服',
      en: 'Service: official account or mini-program customer service',
    }),
    apiBase: field(address.optional(), { zh: '接口地址（留空则为微信）', en: 'API address (WeChat unless given)' }),
    tokenUrl: field(address.optional(), {
      zh: '中控服务器地址（access_token 由别处管理时填写）',
      en: 'Token server (when the access_token is kept elsewhere)',
    }),
    tokenUrlSecret: field(z.string().min(1).max(512).optional(), {
      zh: '中控服务器密钥',
      en: 'Token server secret',
      secret: true,
    }),
  }),
  inbound: ['text', 'image', 'audio', 'video', 'location', 'link', 'card', 'event', 'unsupported'],
  outbound: {
    // No limit is published; 2,048 bytes is what holds everywhere.
    text: { support: 'full', maxBytes: 2048 },
    // The platform's page says 10 MB and 2 MB in two places: the smaller one always works.
    image: { support: 'partial', maxBytes: 2 * MB, mime: ['image/jpeg', 'image/png', 'image/gif', 'image/bmp'] },
    audio: { support: 'partial', maxBytes: 2 * MB, mime: ['audio/amr', 'audio/mpeg', 'audio/mp3'] },
    video: { support: 'partial', maxBytes: 10 * MB, mime: ['video/mp4'] },
    file: { support: 'reject' },
    location: { support: 'fallback' },
    link: { support: 'full' },
    menu: { support: 'full' },
    card: { support: 'fallback' },
    sticker: { support: 'fallback' },
    contact: { support: 'fallback' },
    email: { support: 'fallback' },
    event: { support: 'drop' },
    unsupported: { support: 'reject' },
  },
  edits: false,
  recall: { inbound: false, outbound: false, withinSeconds: null },
  receipts: [],
  typing: { inbound: false, outbound: true },
  replyWindow: {
    // Source: the platform's page on customer-service messages. `enter_session`: mini programs only.
    rules: [
      { opens: ['message'], seconds: TWO_DAYS, messages: 5 },
      { opens: ['menu_click'], seconds: MINUTE, messages: 3 },
      { opens: ['follow'], seconds: MINUTE, messages: 3 },
      { opens: ['scan'], seconds: MINUTE, messages: 3 },
      { opens: ['enter_session'], seconds: MINUTE, messages: 2 },
    ],
    reserve: 1,
  },
  keyedSends: false,
} as const satisfies DefinitionInput;

export type WechatOfficialConfig = z.output<typeof definition.config>;
