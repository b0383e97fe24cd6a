import { cleanLine, cleanText, cutText, unixLines } from './clean-text';

/** The languages that a quote can be announced in. */
export type QuoteLanguage = 'zh' | 'en';

/** The mail that is answered, as it is quoted below the answer. */
export interface QuotedMail {
  /** `Ann <ann@x.cn>`. */
  readonly from: string;
  /** ISO 8601. */
  readonly sentAt: string;
  readonly text: string;
}

/** Who reads the answer wrote the mail: the beginning is enough to see which one it was. */
const MAX_QUOTE = 20_000;
const MAX_QUOTE_LINES = 300;

const ANSWER_PREFIX =
  /^(?:(?:re|aw|sv|antw|回复|回覆|答复|答覆|返信)\s{0,3}(?:[[(（]\d{1,3}[\])）])?\s{0,3}[:：]\s{0,10})/i;

/** `Re: ` and the subject, once, whatever the clients on the way have put before it. */
export function answerSubject(last: string): string {
  let subject = cutText(cleanLine(last), 900);
  for (let prefix = ANSWER_PREFIX.exec(subject); prefix !== null; prefix = ANSWER_PREFIX.exec(subject))
    subject = subject.slice(prefix[0].length);
  return `Re: ${subject}`.trim();
}

/** Whether a subject says that its mail hands on another one. */
export const isForwardSubject = (subject: string): boolean =>
  /^\s{0,10}(?:fwd?|wg|tr|转发|轉寄|轉發)\s{0,3}[:：]/i.test(subject.slice(0, 40));

function timeOf(sentAt: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(new Date(sentAt));
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
}

function attributionOf(quote: QuotedMail, language: QuoteLanguage, timeZone: string): string {
  const [time, from] = [timeOf(quote.sentAt, timeZone), cutText(cleanLine(quote.from), 300)];
  return language === 'zh' ? `在 ${time}，${from} 写道：` : `On ${time}, ${from} wrote:`;
}

function boundQuote(text: string): string[] {
  const clean = cutText(unixLines(cleanText(text)), MAX_QUOTE).trimEnd();
  const lines = clean.split('\n');
  const whole = lines.length <= MAX_QUOTE_LINES && clean.length < MAX_QUOTE;
  return whole ? lines : [...lines.slice(0, MAX_QUOTE_LINES), '…'];
}

const escapeHtml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** Lines as HTML: escaped, blanks kept, web addresses as links. */
function linesAsHtml(text: string): string {
  return text
    .split(/(https?:\/\/[^\s<>"'，。；、！？（）【】《》“”]{1,2000})/)
    .map((piece, index) => {
      const safe = escapeHtml(piece);
      if (index % 2 === 1) return `<a href="${safe}">${safe}</a>`;
      return safe.replace(/ {2}/g, ' &nbsp;').replace(/\n/g, '<br>\n');
    })
    .join('');
}

/** An answer in plain text and in HTML that says the same: what the agent wrote, the signature, the mail that is answered. */
export function replyText(reply: {
  readonly text: string;
  readonly signature: string | null;
  readonly quote: QuotedMail | null;
  readonly language: QuoteLanguage;
  /** An IANA name; the quote's time is told in it. */
  readonly timeZone: string;
}): { text: string; html: string } {
  const said = unixLines(cleanText(reply.text)).trimEnd();
  const signature = unixLines(cleanText(reply.signature ?? '')).trim();
  const texts = [said];
  const htmls = [`<div>${linesAsHtml(said)}</div>`];
  if (signature !== '') {
    texts.push(`-- \n${signature}`);
    htmls.push(`<div>-- <br>\n${linesAsHtml(signature)}</div>`);
  }
  if (reply.quote !== null) {
    const attribution = attributionOf(reply.quote, reply.language, reply.timeZone);
    const quoted = boundQuote(reply.quote.text);
    texts.push(
      [attribution, ...quoted.map((line) => (line.startsWith('>') || line === '' ? `>${line}` : `> ${line}`))].join(
        '\n',
      ),
    );
    const style = 'margin:0 0 0 0.8ex;border-left:1px solid #ccc;padding-left:1ex';
    htmls.push(
      `<div>${linesAsHtml(attribution)}</div>\n<blockquote type="cite" style="${style}">${linesAsHtml(quoted.join('\n'))}</blockquote>`,
    );
  }
  return { text: texts.join('\n\n'), html: htmls.join('\n<br>\n') };
}
