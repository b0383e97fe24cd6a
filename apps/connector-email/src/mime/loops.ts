import type { AUTOMATIC_MAIL } from '@huiliu/contracts';
import { parseBounce } from './bounce';
import { isDaemon, isEmptyPath } from './bounce-text';
import type { ParsedMail } from './parse-mail';

/** Why nothing automatic may answer a mail. */
export type AutomaticMail = (typeof AUTOMATIC_MAIL)[number];

/** Subjects of answers that a mailbox gives while its owner is away; they come without any field that says so from some servers. */
const AUTO_SUBJECT =
  /^(?:\[[^\]]{1,40}\]\s*)?(?:自动回复|自動回覆|自动答复|自動回復|假期自动回复|automatic reply|auto(?:matic)?[- ]?(?:reply|response|responder)|autoreply|out of (?:the )?office|ooo\s?:|abwesenheitsnotiz|automatische antwort|réponse automatique|respuesta automática|自動返信|不在通知|자동 ?회신)/i;

const MACHINES =
  /^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|donotreply|noreply[-_+.].{0,60}|no-reply[-_+.].{0,60}|mailer-?daemon|postmaster|bounces?(?:[-+].{0,60})?|notifications?|automailer|auto-?confirm|daemon|root|cron)$/i;

const has = (mail: ParsedMail, name: string): boolean => mail.headers[name] !== undefined;
const anyOf = (mail: ParsedMail, name: string, pattern: RegExp): boolean =>
  mail.headers[name]?.some((value) => pattern.test(value.trim())) ?? false;

/** The word of Auto-Submitted (RFC 3834) without its parameters; null where it is absent or `no`. */
function autoSubmitted(mail: ParsedMail): string | null {
  const word = mail.headers['auto-submitted']?.[0]?.split(/[;\s(]/)[0]?.toLowerCase() ?? '';
  return word === '' || word === 'no' ? null : word;
}

function isAutoReply(mail: ParsedMail): boolean {
  if (autoSubmitted(mail) === 'auto-replied') return true;
  if (['x-autoreply', 'x-autorespond', 'x-autoresponse', 'x-auto-reply-from'].some((name) => has(mail, name)))
    return !anyOf(mail, 'x-autoreply', /^no$/i);
  return anyOf(mail, 'precedence', /^auto[-_]?reply$/i) || AUTO_SUBJECT.test(mail.subject.trim());
}

const isList = (mail: ParsedMail): boolean =>
  ['list-id', 'list-post', 'list-unsubscribe'].some((name) => has(mail, name)) ||
  anyOf(mail, 'precedence', /^(?:list|bulk|junk)$/i);

/** Made by a machine: it says so, asks not to be answered by one, has no path back, or comes from an address that nobody reads. */
function isGenerated(mail: ParsedMail): boolean {
  if (autoSubmitted(mail) !== null || has(mail, 'feedback-id') || isEmptyPath(mail) || isDaemon(mail)) return true;
  if (anyOf(mail, 'x-auto-response-suppress', /\b(?:all|oof|autoreply)\b/i)) return true;
  return MACHINES.test(mail.from.address.slice(0, Math.max(0, mail.from.address.lastIndexOf('@'))).slice(0, 100));
}

/**
 * Whether a mail is no person's own: then no automatic text may answer it, or two machines would write to each other for ever. Null for what a person
 * wrote, as far as can be told (RFC 3834, RFC 2369, RFC 5230 §4.6 and what servers do instead).
 */
export function automaticOf(mail: ParsedMail): AutomaticMail | null {
  if (mail.report?.type === 'feedback-report') return 'feedback';
  if (mail.report?.type === 'disposition-notification') return 'disposition';
  if (parseBounce(mail) !== null) return 'bounce';
  if (isAutoReply(mail)) return 'auto-reply';
  if (isList(mail)) return 'list';
  return isGenerated(mail) ? 'auto-generated' : null;
}
