import { z } from 'zod';
import { type DefinitionInput, field } from '@huiliu/connector-kit';

const TWO_DAYS = 48 * 3600;
const YEAR = 365 * 24 * 3600;

const address = z.url({ protocol: /^https?$/ }).max(2000);

/** A comment may have 140 Chinese characters. Source: open.weibo.com, comments/reply, comments/create. */
const publicOutbound = {
  text: { support: 'full', maxChars: 140 },
  location: { support: 'fallback' },
  link: { support: 'fallback' },
} as const;

/** Weibo: private messages by the fans service 粉丝服务, comments and mentions by polling. */
export const definition = {
  channel: 'weibo',
  version: 1,
  name: { zh: '微博', en: 'Weibo' },
  ingress: 'webhook',
  config: z.object({
    appKey: field(z.string().min(1).max(64), { zh: 'App Key', en: 'App Key' }),
    appSecret: field(z.string().min(1).max(256), { zh: 'App Secret', en: 'App Secret', secret: true }),
    accessToken: field(z.string().min(1).max(1024), {
      zh: 'Access Token（粉丝服务开发者页面，或 OAuth2 授权）',
      en: 'Access token (from the developer page of the fans service, or by OAuth2)',
      secret: true,
    }),
    uid: field(z.string().regex(/^\d{1,20}$/, 'expected the digits of the uid'), {
      zh: '微博账号的 UID',
      en: 'UID of the Weibo account',
    }),
    apiBase: field(address.optional(), { zh: '接口地址（留空则为微博）', en: 'API address (Weibo unless given)' }),
    publicInterface: field(z.enum(['auto', 'commercial', 'standard', 'off']).default('auto'), {
      zh: '评论与 @ 的接口：auto 先商业后普通，commercial 商业接口，standard 普通接口，off 不读取',
      en: 'Interface for comments and mentions: auto (commercial, else standard), commercial, standard, or off',
    }),
    replyInterface: field(z.enum(['fans', 'commercial']).default('fans'), {
      zh: '私信回复的接口：fans 粉丝服务，commercial 商业接口',
      en: 'Interface for private answers: fans (the fans service) or commercial',
    }),
    pollSeconds: field(z.number().int().min(1).max(3600).default(15), {
      zh: '每隔多少秒读取一次评论与 @',
      en: 'Seconds between two readings of comments and mentions',
    }),
    operatorIp: field(z.ipv4().optional(), {
      zh: '公开回复时上报的操作者 IP（rip）',
      en: 'Operator address reported with public answers (rip)',
    }),
    welcome: field(z.string().min(1).max(299).optional(), {
      zh: '关注后的自动欢迎语（作为推送的被动回复发出）',
      en: 'Welcome after a follow (sent as the passive reply to the push)',
    }),
  }),
  inbound: ['text', 'image', 'audio', 'location', 'event', 'unsupported'],
  outbound: {
    // Source: open.weibo.com, Send_Customer_Service_Message: "less than 300 Chinese characters". No picture, voice or file can be sent.
    text: { support: 'full', maxChars: 299 },
    image: { support: 'reject' },
    audio: { support: 'reject' },
    video: { support: 'reject' },
    file: { support: 'reject' },
    location: { support: 'full' },
    link: { support: 'full' },
    menu: { support: 'fallback' },
    card: { support: 'fallback' },
    sticker: { support: 'fallback' },
    contact: { support: 'fallback' },
    email: { support: 'fallback' },
    event: { support: 'drop' },
    unsupported: { support: 'reject' },
  },
  kinds: [
    { prefix: 'comment:', name: { zh: '评论', en: 'Comment' }, outbound: publicOutbound },
    { prefix: 'mention:', name: { zh: '@提到我的微博', en: 'Mention' }, outbound: publicOutbound },
  ],
  edits: false,
  recall: { inbound: false, outbound: false, withinSeconds: null },
  receipts: [],
  typing: { inbound: false, outbound: false },
  replyWindow: {
    // Source: open.weibo.com, Send_Customer_Service_Message. A comment can be answered as long as it stands: a year is as good as ever.
    rules: [
      { opens: ['message', 'follow', 'scan', 'menu_click'], seconds: TWO_DAYS, messages: null },
      { opens: ['mention'], seconds: TWO_DAYS, messages: 1 },
      { opens: ['public'], seconds: YEAR, messages: null },
    ],
    reserve: 0,
  },
  keyedSends: false,
} as const satisfies DefinitionInput;

export type WeiboConfig = z.output<typeof definition.config>;
