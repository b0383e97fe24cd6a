import { cleanLine, cutText } from './clean-text';
import type { ParsedMail } from './parse-mail';
import { firstMessageId } from './references';

/** What became of a mail at one recipient, in the words of RFC 3464. */
export type DeliveryAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';

export interface BouncedRecipient {
  /** Empty where the bounce does not say for whom it is. */
  readonly address: string;
  readonly action: DeliveryAction;
  /** `5.1.1`; null where none is given. */
  readonly status: string | null;
  /** The server's words, one line, without what kind of words they are; empty where there are none. */
  readonly diagnostic: string;
}

/** A bounce as its text tells it. */
export interface ToldBounce {
  readonly recipients: readonly BouncedRecipient[];
  readonly messageId: string | null;
}

/** Senders of bounces, by the name in front of the `@` or the name that is shown. */
const DAEMON = /^(?:mailer-?daemon|postmaster|mail-?delivery|mdaemon|bounces?|microsoftexchange[0-9a-f]*)$/i;
const DAEMON_NAME =
  /mail delivery (?:sub)?system|mailer-daemon|postmaster|系统退信|退信|邮件系统|microsoft outlook|internet mail delivery/i;

const SUBJECT =
  /undeliver|delivery (?:status|failure|has failed|incomplete|problem|delayed)|deliver(?:y|ed)? fail|failure notice|returned (?:mail|to sender)|mail (?:delivery|system) (?:failed|error)|message (?:you sent|delayed)|退信|退回|未送达|未傳遞|无法传递|無法傳遞|无法投递|投递失败|投遞失敗|发送失败|传递延迟|配信不能/i;
const DELAY =
  /delayed|will (?:be )?retr|not yet been delivered|warning: (?:message|could not)|still being retried|传递延迟|延迟|暂时(?:无法|未能)|继续尝试|you do not need to resend/i;
/** A reply's or an error's code at a place where servers write them: `550 5.1.1 …`, `#5.1.1`, `said: 550`. */
const REASON = /(?:^|[\s("“:#>])([245])\d\d[ -]|(?:^|[\s(#:])([245]\.\d{1,3}\.\d{1,3})(?![\d.])/;

const MAX_TEXT = 64 * 1024;
const MAX_LINES = 400;
const MAX_RECIPIENTS = 50;

export function isDaemon(mail: ParsedMail): boolean {
  const local = mail.from.address.slice(0, Math.max(0, mail.from.address.lastIndexOf('@')));
  return DAEMON.test(local) || (DAEMON_NAME.test(mail.from.name) && isEmptyPath(mail));
}

/** `Return-Path: <>`: a mail that no answer can reach. */
export const isEmptyPath = (mail: ParsedMail): boolean =>
  mail.headers['return-path']?.some((path) => /^<\s*>$/.test(path.trim())) ?? false;

/** Reads a bounce that a server wrote for people. Null when the mail does not look like one. */
export function readBounceText(mail: ParsedMail): ToldBounce | null {
  const failed = mail.headers['x-failed-recipients']?.flatMap((value) => addressesIn(value)) ?? [];
  const looks = isDaemon(mail) && SUBJECT.test(mail.subject.slice(0, 500));
  if (failed.length === 0 && !looks) return null;
  const lines = mail.text
    .slice(0, MAX_TEXT)
    .split('\n')
    .slice(0, MAX_LINES)
    .map((line) => cleanLine(line.slice(0, 1_000)));
  const own = ownPart(lines);
  const delayed =
    DELAY.test(mail.subject) || (failed.length === 0 && own.slice(0, 20).some((line) => DELAY.test(line)));
  const addresses = failed.length > 0 ? failed : recipientsIn(own, mail.from.address);
  const told = (addresses.length > 0 ? addresses : ['']).map((address): BouncedRecipient => {
    const diagnostic = reasonFor(own, address);
    return {
      address,
      action: delayed ? 'delayed' : 'failed',
      status: /(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(diagnostic)?.[1] ?? null,
      diagnostic: cutText(diagnostic, 1_000),
    };
  });
  const id = lines.find((line) => /^message-id\s*:/i.test(line));
  return { recipients: told, messageId: id === undefined ? null : firstMessageId(id.slice(id.indexOf(':') + 1)) };
}

/** What stands above the copy of the mail that came back. */
function ownPart(lines: readonly string[]): readonly string[] {
  const end = lines.findIndex((line) =>
    /^-{2,}.{0,20}(?:below this line is a copy|this is a copy of|the header of the original|original message|undelivered message|原邮件)/i.test(
      line,
    ),
  );
  return end < 0 ? lines : lines.slice(0, end);
}

function addressesIn(line: string): string[] {
  return (
    line.slice(0, 2_000).match(/[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g) ?? []
  );
}

/** Addresses that stand alone, after `收件人`, or where servers put them; not the sender's own. */
function recipientsIn(lines: readonly string[], sender: string): string[] {
  const found = new Set<string>();
  for (const [index, line] of lines.entries()) {
    const here = addressesIn(line);
    const [first] = here;
    if (first === undefined || first.toLowerCase() === sender.toLowerCase()) continue;
    const alone = line.replace(/[<>:'"\s()]/g, '').length <= first.length + 2;
    const named =
      /^(?:收件人|收件者|to|recipient|final-recipient|无法发送到|以下收件人)/i.test(line) ||
      /无法(?:送达|发送|投递)(?:到|至)/.test(line);
    const dated = line.startsWith(first) && /^ on \d/.test(line.slice(first.length));
    const judged = REASON.test(line) || (alone && REASON.test(lines[index + 1] ?? ''));
    if (alone || named || dated || judged) for (const address of here.slice(0, 5)) found.add(address);
    if (found.size >= MAX_RECIPIENTS) break;
  }
  return [...found];
}

/** The server's words: the line that holds a code, near the recipient's; else what follows `退信原因`. */
function reasonFor(lines: readonly string[], address: string): string {
  const at = address === '' ? -1 : lines.findIndex((line) => line.toLowerCase().includes(address.toLowerCase()));
  const near = lines.slice(Math.max(0, at), at < 0 ? undefined : at + 12);
  const named = (part: readonly string[]): string | undefined => {
    const index = part.findIndex((line) => /^(?:退信原因|退回原因|失败原因|错误原因|原因|reason)\s*[:：]?/i.test(line));
    if (index < 0) return undefined;
    const rest = (part[index] ?? '').replace(/^[^:：]{0,10}[:：]?\s*/, '');
    return rest !== '' ? rest : part[index + 1];
  };
  return (
    near.find((line) => REASON.test(line)) ??
    lines.find((line) => REASON.test(line)) ??
    named(near) ??
    named(lines) ??
    ''
  );
}
