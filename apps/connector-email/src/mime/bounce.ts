import { isAddress } from './addresses';
import { type BouncedRecipient, type DeliveryAction, readBounceText } from './bounce-text';
import { cleanLine, cutText } from './clean-text';
import type { RawField } from './header-fields';
import type { ParsedMail } from './parse-mail';
import { firstMessageId } from './references';

/** A server's report on a mail of ours. */
export interface Bounce {
  readonly recipients: readonly BouncedRecipient[];
  /** The Message-ID of the mail that came back, verbatim; null where the bounce does not hold it. */
  readonly originalMessageId: string | null;
  /** Whether delivery was given up for someone: `failed`, also after a temporary trouble that lasted. A delay alone is no failure. */
  readonly permanent: boolean;
}

const ACTIONS: ReadonlySet<string> = new Set(['failed', 'delayed', 'delivered', 'relayed', 'expanded']);
const MAX_RECIPIENTS = 200;
const MAX_DIAGNOSTIC = 1_000;

const valueOf = (fields: readonly RawField[], name: string): string =>
  cleanLine(fields.find((field) => field.name === name)?.value ?? '').replace(/\s+/g, ' ');

/** `rfc822; ann@x.cn` without its type and brackets. */
function addressIn(value: string): string {
  const bare = value.slice(value.indexOf(';') + 1).replace(/^[\s<"]+|[\s>"]+$/g, '');
  return isAddress(bare) ? bare : '';
}

const statusIn = (text: string): string | null =>
  /(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(text)?.[1] ?? null;

function actionOf(given: string, status: string | null): DeliveryAction {
  const action = given.toLowerCase().split(/\s/)[0] ?? '';
  if (ACTIONS.has(action)) return action as DeliveryAction;
  if (status?.startsWith('4')) return 'delayed';
  return status?.startsWith('2') ? 'delivered' : 'failed';
}

function recipientOf(block: readonly RawField[]): BouncedRecipient | null {
  const [final, original] = [valueOf(block, 'final-recipient'), valueOf(block, 'original-recipient')];
  const action = valueOf(block, 'action');
  if (final === '' && original === '' && action === '') return null;
  const diagnostic = valueOf(block, 'diagnostic-code').replace(/^[\w-]{1,20}\s*;\s*/, '');
  const status = statusIn(valueOf(block, 'status')) ?? statusIn(diagnostic);
  return {
    // Aliases are resolved on the way: whom we wrote to is the original one.
    address: addressIn(original) || addressIn(final),
    action: actionOf(action, status),
    status,
    diagnostic: cutText(diagnostic, MAX_DIAGNOSTIC),
  };
}

function fromReport(mail: ParsedMail): BouncedRecipient[] {
  const blocks = mail.report?.blocks ?? [];
  return blocks.flatMap((block) => recipientOf(block) ?? []).slice(0, MAX_RECIPIENTS);
}

/** Which mail came back: by its returned header, else by what the report or the bounce's own header name. */
function originalOf(mail: ParsedMail, inText: string | null): string | null {
  const fields = mail.report?.blocks.flat() ?? [];
  return (
    firstMessageId(valueOf(mail.returned, 'message-id')) ??
    firstMessageId(valueOf(fields, 'x-original-message-id')) ??
    firstMessageId(valueOf(fields, 'original-message-id')) ??
    inText ??
    mail.inReplyTo ??
    mail.references.at(-1) ??
    null
  );
}

/**
 * Reads a bounce: the machine's part where there is one (RFC 3464: Exchange, Gmail, Postfix, 163 and most others), else the header field and the texts of
 * servers that write for people alone (qmail, Exim, QQ, old Exchange). Null for a mail that reports no delivery.
 */
export function parseBounce(mail: ParsedMail): Bounce | null {
  const reported = mail.report === null || mail.report.type === 'delivery-status' ? fromReport(mail) : [];
  const other = mail.report !== null && mail.report.type !== '' && mail.report.type !== 'delivery-status';
  const told = other ? null : readBounceText(mail);
  const isReport = mail.report?.type === 'delivery-status';
  if (reported.length === 0 && told === null && !isReport) return null;
  const recipients = reported.length > 0 ? mend(reported, told?.recipients ?? []) : (told?.recipients ?? []);
  return {
    recipients,
    originalMessageId: originalOf(mail, told?.messageId ?? null),
    permanent: recipients.some(({ action }) => action === 'failed'),
  };
}

/** Where the machine's part leaves the reason out, the text may have it. */
function mend(reported: readonly BouncedRecipient[], told: readonly BouncedRecipient[]): BouncedRecipient[] {
  return reported.map((recipient) => {
    const match = told.find(({ address }) => address.toLowerCase() === recipient.address.toLowerCase());
    if (match === undefined || recipient.diagnostic !== '') return recipient;
    return { ...recipient, diagnostic: match.diagnostic, status: recipient.status ?? match.status };
  });
}
