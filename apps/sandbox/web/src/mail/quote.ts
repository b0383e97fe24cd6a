import type { Mail, Person } from './api';
import { type Language, textsOf } from './texts';

/** How mail programs show a person in one line. */
export function nameOf({ name, address }: Person): string {
  return name === '' ? address : `${name} <${address}>`;
}

/** `Re:` once, however often it went back and forth, in the words of either language. */
export function answerSubject(subject: string): string {
  const bare = subject.replace(/^\s*((re|回复|答复)\s*[:：]\s*)+/i, '').trim();
  return `Re: ${bare}`;
}

/** Who a reply goes to: the sender, or whom we wrote to; with `all`, everyone else as Cc. Ourselves never. */
export function recipients(mail: Pick<Mail, 'from' | 'to' | 'cc' | 'folder'>, me: string, all: boolean) {
  const own = (address: string): boolean => address.toLowerCase() === me.toLowerCase();
  const unique = (people: readonly Person[], but: readonly string[]): string[] => [
    ...new Set(people.map(({ address }) => address).filter((address) => !own(address) && !but.includes(address))),
  ];
  const to = unique(mail.folder === 'sent' ? mail.to : [mail.from], []);
  return { to, cc: all ? unique([...mail.to, ...mail.cc], to) : [] };
}

function when(at: string, language: Language): string {
  const style = { dateStyle: 'long', timeStyle: 'short' } as const;
  return new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', style).format(new Date(at));
}

/** The lines under which a reply in plain text repeats the mail that it answers. */
export function quoteText(mail: Mail, language: Language): string {
  const lines = mail.text.trimEnd().split(/\r?\n/);
  const quoted = lines.map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`.trimEnd()));
  return [textsOf(language).wrote(when(mail.at, language), nameOf(mail.from)), ...quoted].join('\n');
}

/** The same for a reply in HTML: the element that Apple's and others' programs quote with. */
export function quoteHtml(mail: Mail, language: Language): string {
  const head = escapeHtml(textsOf(language).wrote(when(mail.at, language), nameOf(mail.from)));
  return `<div><br></div><div>${head}</div><blockquote type="cite">${mail.html ?? textAsHtml(mail.text)}</blockquote>`;
}

export function textAsHtml(text: string): string {
  return text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => `<div>${line === '' ? '<br>' : escapeHtml(line)}</div>`)
    .join('');
}

export function escapeHtml(text: string): string {
  const signs: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (sign) => signs[sign] ?? sign);
}
