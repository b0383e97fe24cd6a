import { z } from 'zod';
import { type DefinitionInput, field } from '@huiliu/connector-kit';
import { isEncodingAesKey } from '@huiliu/wire';

const MB = 1024 * 1024;
const TWO_DAYS = 48 * 3600;

/** WeCom customer service: customers write in WeChat, to an account of a corp. */
export const definition = {
  channel: 'wecom-kf',
  version: 1,
  name: { zh: '微信客服（企业微信）', en: 'WeCom customer service' },
  ingress: 'webhook',
  config: z.object({
    corpId: field(z.string().min(1).max(64), { zh: '企业 ID（CorpID）', en: 'CorpID' }),
    secret: field(z.string().min(1).max(256), {
      zh: '应用的 Secret（自建应用，已列入“可调用接口的应用”）',
      en: 'Secret of the app that may call the interface',
      secret: true,
    }),
    token: field(z.string().min(1).max(64), { zh: '回调 Token', en: 'Callback token', secret: true }),
    encodingAesKey: field(z.string().refine(isEncodingAesKey, 'expected the 43 letters of the EncodingAESKey'), {
      zh: '回调 EncodingAESKey',
      en: 'Callback EncodingAESKey',
      secret: true,
    }),
    openKfId: field(z.string().min(1).max(64), { zh: '客服账号 ID（open_kfid）', en: 'open_kfid' }),
    apiBase: field(
      z
        .url({ protocol: /^https?$/ })
        .max(2000)
        .optional(),
      { zh: '接口地址（留空则为企业微信）', en: 'API address (WeCom unless given)' },
    ),
    welcomeText: field(z.string().min(1).max(600).optional(), {
      zh: '欢迎语（客户进入会话时发送；企业微信里没有配置欢迎语时才有效）',
      en: 'Welcome text (sent when a customer enters; only where WeCom has none of its own)',
    }),
    pullSeconds: field(z.number().int().min(5).max(3600).default(60), {
      zh: '没有收到回调时，隔多少秒主动读取一次',
      en: 'Seconds between two readings when no callback comes',
    }),
    duplicateCodes: field(
      z
        .string()
        .regex(/^\d+(,\d+)*$/)
        .optional(),
      {
        zh: 'msgid 重复时的错误码（逗号分隔；企业微信没有公布）',
        en: 'Error codes of a msgid that came before (separated by commas; WeCom publishes none)',
      },
    ),
  }),
  inbound: [
    'text',
    'image',
    'audio',
    'video',
    'file',
    'location',
    'link',
    'menu',
    'card',
    'contact',
    'event',
    'unsupported',
  ],
  outbound: {
    text: { support: 'full', maxBytes: 2048 },
    image: { support: 'partial', maxBytes: 10 * MB, mime: ['image/jpeg', 'image/png'] },
    audio: { support: 'partial', maxBytes: 2 * MB, mime: ['audio/amr'] },
    video: { support: 'partial', maxBytes: 10 * MB, mime: ['video/mp4'] },
    file: { support: 'partial', maxBytes: 20 * MB },
    location: { support: 'full' },
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
  recall: { inbound: true, outbound: false, withinSeconds: null },
  receipts: [],
  typing: { inbound: false, outbound: false },
  // Source: developer.work.weixin.qq.com/document/path/94677.
  replyWindow: { rules: [{ opens: ['message'], seconds: TWO_DAYS, messages: 5 }], reserve: 1 },
  keyedSends: true,
  tracksService: true,
  handover: true,
} as const satisfies DefinitionInput;

export type WecomKfConfig = z.output<typeof definition.config>;
