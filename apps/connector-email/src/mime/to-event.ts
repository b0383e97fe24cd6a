import type { Attachment, Content } from '@huiliu/contracts';
import { cutText } from './clean-text';
import { foldHtmlQuotes } from './fold-html';
import { foldQuotes, type FoldedText } from './fold-quotes';
import { htmlToText } from './html-text';
import { automaticOf } from './loops';
import type { ParsedMail } from './parse-mail';
import { isForwardSubject } from './reply-text';
import { sanitiseHtml } from './sanitise';

/** A mail as the inbox takes it. */
export type EmailContent = Extract<Content, { kind: 'email' }>;

/** The files of a mail where they are stored now. */
export interface StoredFiles {
  /** In the mail's order; those that could not be stored are left out. */
  readonly attachments: readonly { readonly cid: string | null; readonly stored: Attachment }[];
  /** The mail as it came. */
  readonly source?: Attachment;
  /** What was not stored, in words. */
  readonly omitted?: readonly string[];
}

/** As the contract bounds them. */
const MAX_TEXT = 500_000;
const MAX_HTML = 2_000_000;
const MAX_FILES = 200;
const MAX_PEOPLE = 200;
const MAX_OMITTED = 50;

/** Problems that an agent cannot see the effect of. */
const SILENT_PROBLEM = /^no (?:sender|Message-ID|date)/;

/** Folds, then sanitises; escaping makes HTML longer, so what would grow too long loses its end before. */
function safeHtml(folded: string, files: StoredFiles): { html: string; cut: boolean } {
  const urls = new Map<string, string>();
  for (const { cid, stored } of files.attachments) if (cid !== null && !urls.has(cid)) urls.set(cid, stored.url);
  const inlineUrlOf = (cid: string): string | null => urls.get(cid) ?? null;
  let source = folded;
  let html = sanitiseHtml(source, inlineUrlOf);
  while (html.length > MAX_HTML) {
    source = cutText(source, Math.floor(source.length / 2));
    html = sanitiseHtml(source, inlineUrlOf);
  }
  return { html, cut: source !== folded };
}

function visible(mail: ParsedMail, foldedHtml: string | null, forwarded: boolean): FoldedText {
  if (!mail.ownText && foldedHtml !== null) return htmlToText(foldedHtml);
  return foldQuotes(mail.text, { forwarded });
}

/**
 * What a mail says, as the inbox shows it: the new text in `text`, what it quotes in `quoted` and marked in `html`, sanitised, its images at the URLs of
 * the stored files. Always fits the contract.
 */
export function mailToContent(mail: ParsedMail, files: StoredFiles): EmailContent {
  const forwarded = isForwardSubject(mail.subject);
  const foldedHtml = mail.html === null ? null : foldHtmlQuotes(mail.html, { forwarded });
  const { text, quoted } = visible(mail, foldedHtml, forwarded);
  const { html, cut } = foldedHtml === null ? { html: '', cut: false } : safeHtml(foldedHtml, files);
  const automatic = automaticOf(mail);
  const replyTo = mail.replyTo.find(({ address }) => address.toLowerCase() !== mail.from.address.toLowerCase());
  const omitted = [
    ...(files.omitted ?? []),
    ...mail.problems.filter((problem) => !SILENT_PROBLEM.test(problem)),
    ...(cut ? ['html cut: it is too long when it is made safe'] : []),
    ...(files.attachments.length > MAX_FILES ? [`${files.attachments.length - MAX_FILES} attachments left out`] : []),
  ].map((one) => cutText(one.toWellFormed().replaceAll('\u0000', ''), 500));
  return {
    kind: 'email',
    text: cutText(text, MAX_TEXT),
    subject: mail.subject,
    html,
    attachments: files.attachments.slice(0, MAX_FILES).map(({ stored }) => stored),
    cc: mail.cc.slice(0, MAX_PEOPLE).map(({ address }) => address),
    from: mail.from,
    to: mail.to.slice(0, MAX_PEOPLE),
    ...(quoted === '' ? {} : { quoted: cutText(quoted, MAX_TEXT) }),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(automatic === null ? {} : { automatic }),
    ...(files.source === undefined ? {} : { source: files.source }),
    ...(omitted.length === 0 ? {} : { omitted: omitted.slice(0, MAX_OMITTED) }),
  };
}
