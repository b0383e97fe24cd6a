import { z } from 'zod';
import { MAX_TEXT } from '@huiliu/contracts';
import { type DefinitionInput, field } from '@huiliu/connector-kit';

const host = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9.:_-]+$/, 'expected a host name or an address');
const port = z.number().int().min(1).max(65_535);
const login = z.string().min(1).max(320);
const password = z.string().min(1).max(1_024);

const file = { support: 'full', maxBytes: 20 * 1024 * 1024 } as const;
const fallback = { support: 'fallback' } as const;

/** A mailbox: read by IMAP, answered by SMTP. A conversation is a thread of mails. */
export const definition = {
  channel: 'email',
  version: 1,
  name: { zh: '电子邮件', en: 'E-mail' },
  ingress: 'poll',
  config: z.object({
    address: field(
      z
        .string()
        .max(320)
        .regex(/^[^\s@<>()[\],;:"\\]+@[^\s@<>()[\],;:"\\]+$/, 'expected an address such as service@shop.example'),
      { zh: '邮箱地址', en: 'Address' },
    ),
    imap: field(
      z.object({
        host: field(host, { zh: '收信服务器', en: 'IMAP server' }),
        port: field(port, { zh: '收信端口', en: 'IMAP port' }),
        secure: field(z.boolean(), { zh: '收信用 TLS（993 端口）', en: 'IMAP over TLS (port 993)' }),
        user: field(login, { zh: '收信用户名', en: 'IMAP user' }),
        pass: field(password, { zh: '收信密码或授权码', en: 'IMAP password or authorisation code', secret: true }),
      }),
      { zh: '收信（IMAP）', en: 'Receiving (IMAP)' },
    ),
    smtp: field(
      z.object({
        host: field(host, { zh: '发信服务器', en: 'SMTP server' }),
        port: field(port, { zh: '发信端口', en: 'SMTP port' }),
        secure: field(z.boolean(), { zh: '发信用 TLS（465 端口）', en: 'SMTP over TLS (port 465)' }),
        user: field(login, { zh: '发信用户名', en: 'SMTP user' }),
        pass: field(password, { zh: '发信密码或授权码', en: 'SMTP password or authorisation code', secret: true }),
      }),
      { zh: '发信（SMTP）', en: 'Sending (SMTP)' },
    ),
    plusAddressing: field(z.boolean().optional(), {
      zh: '用带标记的回复地址（邮箱须支持 name+标记@域名）',
      en: 'Reply addresses with a token (the mailbox must take name+token@domain)',
    }),
    signature: field(z.string().max(4_000).optional(), { zh: '签名', en: 'Signature' }),
    language: field(z.enum(['zh', 'en']).optional(), { zh: '邮件用语', en: 'Language of our mails' }),
    importFrom: field(
      z
        .string()
        .regex(/^(start|\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01]))$/, 'expected `start` or a date such as 2026-11-23')
        .optional(),
      {
        zh: '从何时的邮件开始读取（start：全部；日期：自该日起；留空：只读接入之后的）',
        en: 'Mails to read from before (start: all; a date: from that day on; empty: only what comes from now on)',
      },
    ),
    folder: field(z.string().min(1).max(255).optional(), { zh: '文件夹（默认 INBOX）', en: 'Folder (INBOX)' }),
    markSeen: field(z.boolean().optional(), {
      zh: '读取后在服务器上标为已读',
      en: 'Mark what was read as seen on the server',
    }),
  }),
  inbound: ['email', 'unsupported'],
  outbound: {
    text: { support: 'full', maxChars: MAX_TEXT },
    image: file,
    audio: file,
    video: file,
    file,
    email: fallback,
    location: fallback,
    link: fallback,
    menu: fallback,
    card: fallback,
    sticker: fallback,
    contact: fallback,
    event: { support: 'drop' },
    unsupported: { support: 'reject' },
  },
  edits: false,
  recall: { inbound: false, outbound: false, withinSeconds: null },
  receipts: [],
  typing: { inbound: false, outbound: false },
  replyWindow: { rules: [], reserve: 0 },
  // SMTP knows no key of ours: what may have gone out is never sent again by itself.
  keyedSends: false,
} as const satisfies DefinitionInput;

export type EmailConfig = z.output<typeof definition.config>;
export type ServerLogin = EmailConfig['imap'];
