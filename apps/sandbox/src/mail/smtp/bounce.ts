import { randomUUID } from 'node:crypto';
import { bodyAt } from '../headers';

/** The report that a mail could not be delivered (RFC 3464), as its sender's server writes it. */
export function bounceOf(recipient: string, sender: string, raw: Buffer): Buffer {
  const boundary = `=_${randomUUID()}`;
  const head = [
    'From: Mail Delivery System <mailer-daemon@sandbox.invalid>',
    `To: <${sender}>`,
    'Subject: Undelivered Mail Returned to Sender',
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${randomUUID()}@sandbox.invalid>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    `<${recipient}>: the mailbox does not exist`,
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; sandbox.invalid',
    '',
    `Final-Recipient: rfc822; ${recipient}`,
    'Action: failed',
    'Status: 5.1.1',
    'Diagnostic-Code: smtp; 550 5.1.1 no such user here',
    '',
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    '',
    '',
  ];
  const end = `\r\n--${boundary}--\r\n`;
  return Buffer.concat([Buffer.from(head.join('\r\n')), raw.subarray(0, bodyAt(raw)), Buffer.from(end)]);
}
