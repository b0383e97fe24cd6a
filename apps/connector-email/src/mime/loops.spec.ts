import { automaticOf } from './loops';
import { parseMail } from './parse-mail';

const kindOf = async (fields: string): Promise<string | null> =>
  automaticOf(
    await parseMail(
      Buffer.from(
        `From: Ann <ann@x.cn>\r\nSubject: Re: order\r\n`.replace(/^(From|Subject).*$/gm, (line, name: string) =>
          new RegExp(`^${name}:`, 'm').test(fields) ? 'X-Replaced: y' : line,
        ) + `${fields.replace(/\n/g, '\r\n')}\r\n\r\nhello`,
      ),
    ),
  );

describe('a mail', () => {
  it.each([
    ['Auto-Submitted: auto-replied', 'auto-reply'],
    ['Auto-Submitted: Auto-Replied; type=vacation', 'auto-reply'],
    ['X-Autoreply: yes', 'auto-reply'],
    ['X-Autorespond: order', 'auto-reply'],
    ['X-Auto-Reply-From: ann@x.cn', 'auto-reply'],
    ['Precedence: auto_reply', 'auto-reply'],
    ['Subject: 自动回复: 订单', 'auto-reply'],
    ['Subject: Automatic reply: order', 'auto-reply'],
    ['Subject: Out of Office: order', 'auto-reply'],
    ['Auto-Submitted: auto-generated', 'auto-generated'],
    ['Auto-Submitted: auto-notified', 'auto-generated'],
    ['X-Auto-Response-Suppress: DR, OOF, AutoReply', 'auto-generated'],
    ['Return-Path: <>', 'auto-generated'],
    ['Feedback-ID: 1:2:3:sender', 'auto-generated'],
    ['From: no-reply@x.cn', 'auto-generated'],
    ['From: x <NoReply@x.cn>', 'auto-generated'],
    ['From: do-not-reply@x.cn', 'auto-generated'],
    ['From: mailer-daemon@x.cn', 'auto-generated'],
    ['From: postmaster@x.cn', 'auto-generated'],
    ['Precedence: bulk', 'list'],
    ['Precedence: junk', 'list'],
    ['Precedence: list', 'list'],
    ['List-Id: <users.x.cn>', 'list'],
    ['List-Unsubscribe: <https://x.cn/u>', 'list'],
    ['Content-Type: multipart/report; report-type=feedback-report; boundary=b', 'feedback'],
    ['Content-Type: multipart/report; report-type="disposition-notification"; boundary=b', 'disposition'],
    ['Content-Type: multipart/report; report-type=delivery-status; boundary=b', 'bounce'],
    ['X-Failed-Recipients: bo@x.cn', 'bounce'],
    ['From: mailer-daemon@x.cn\nSubject: Undelivered Mail Returned to Sender', 'bounce'],
  ])('with %j is no person’s own: %s', async (fields, kind) => {
    expect(await kindOf(fields)).toBe(kind);
  });

  it.each([
    'Auto-Submitted: no',
    'X-Mailer: QQMail 2.x',
    'Return-Path: <ann@x.cn>',
    'Precedence: normal',
    'Subject: Re: out of stock?',
    'Subject: 请问自动回复怎么设置',
    'Subject: Undelivered parcel',
    'Subject: 退信怎么办',
    'From: noreen@x.cn',
    'X-Auto-Response-Suppress: DR',
  ])('with %j is a person’s', async (fields) => {
    expect(await kindOf(fields)).toBeNull();
  });
});
