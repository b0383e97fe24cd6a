import { type MailAddress, parseAddresses, uniqueAddresses } from './addresses';
import { cleanLine, cleanText, cutText } from './clean-text';
import { decodeWords } from './encoded-words';
import { type RawField, readRaw } from './header-fields';
import type { MailLimits } from './limits';
import { firstMessageId, messageIdsIn } from './references';

/** The fields that `headers` holds. */
const TELLING = new Set(
  (
    'auto-submitted return-path precedence x-auto-response-suppress x-autoreply x-autorespond x-autoresponse x-auto-reply-from x-failed-recipients ' +
    'list-id list-post list-unsubscribe feedback-id content-type x-mailer sender x-loop'
  ).split(' '),
);
const DELIVERED = ['to', 'cc', 'delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to', 'x-forwarded-to'];

/** Times at which mail was written; whether one is in the future is for someone who has a clock. */
const FIRST_MAIL = Date.parse('1990-01-01T00:00:00Z');
const LAST_MAIL = Date.parse('2100-01-01T00:00:00Z');

/** Reads the fields of a mail's own header. Of a field that stands there twice the first one counts. */
export class HeadReader {
  constructor(
    private readonly fields: readonly RawField[],
    private readonly limits: MailLimits,
    private readonly hint: string | null,
  ) {}

  private texts(name: string): string[] {
    return this.fields.flatMap((field) => (field.name === name ? [cleanText(readRaw(field.value, this.hint))] : []));
  }

  private first(name: string): string {
    return this.texts(name).find((text) => text !== '') ?? '';
  }

  line(name: string): string {
    return cleanLine(decodeWords(this.first(name), this.hint));
  }

  id(name: string): string | null {
    return firstMessageId(this.first(name));
  }

  ids(name: string): string[] {
    return messageIdsIn(this.texts(name).join(' '));
  }

  people(name: string): MailAddress[] {
    return uniqueAddresses(parseAddresses(this.texts(name).join(', '), this.limits.addresses, this.hint));
  }

  sender(): MailAddress {
    const people = ['from', 'sender', 'reply-to'].flatMap((name) => parseAddresses(this.first(name), 10, this.hint));
    const found = people.find(({ address }) => address !== '') ?? { name: '', address: '' };
    return found.name === '' && people[0] !== undefined ? { ...found, name: people[0].name } : found;
  }

  deliveredTo(): string[] {
    const people = DELIVERED.flatMap((name) => this.people(name));
    return uniqueAddresses(people)
      .slice(0, 2 * this.limits.addresses)
      .map(({ address }) => address);
  }

  date(): Date | null {
    const text = this.line('date').slice(0, 100);
    const time = Date.parse(text);
    const bare = Number.isNaN(time) ? Date.parse(text.replace(/\([^()]*\)/g, '').trim()) : time;
    return bare >= FIRST_MAIL && bare < LAST_MAIL ? new Date(bare) : null;
  }

  telling(): Record<string, string[]> {
    const told: Record<string, string[]> = {};
    for (const { name, value } of this.fields) {
      if (!TELLING.has(name)) continue;
      const values = (told[name] ??= []);
      if (values.length < 5) values.push(cutText(cleanLine(decodeWords(readRaw(value, this.hint), this.hint)), 1_000));
    }
    return told;
  }
}
