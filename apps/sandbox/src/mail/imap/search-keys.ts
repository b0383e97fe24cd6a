import { headerFields } from '../headers';
import type { Mailbox, StoredMail } from '../store/mailbox';
import { BadCommand, textOf, type Token } from './command-parser';
import { parseSet } from './sequence-set';

/** What is searched: the mails as the session numbers them. */
export interface Searched {
  readonly mailbox: Mailbox;
  /** UIDs, in the order of sequence numbers. */
  readonly uids: readonly number[];
}

type Matches = (mail: StoredMail, seq: number) => boolean;

const MAX_DEPTH = 8;

/** Whether a mail is among those searched for (RFC 3501 §6.4.4). Throws `BadCommand`. */
export function parseSearch(args: readonly Token[], searched: Searched): Matches {
  const first = args[0]?.kind === 'atom' ? args[0].text.toUpperCase() : '';
  const keys = new Keys(first === 'CHARSET' ? args.slice(2) : args, searched);
  return keys.all(0);
}

class Keys {
  private at = 0;

  constructor(
    private readonly args: readonly Token[],
    private readonly searched: Searched,
  ) {}

  /** Every key to the end, of which all must match. */
  all(depth: number): Matches {
    if (this.args.length === 0 || depth > MAX_DEPTH) throw new BadCommand('nothing, or too much, to search for');
    const keys: Matches[] = [];
    while (this.at < this.args.length) keys.push(this.one(depth));
    return (mail, seq) => keys.every((matches) => matches(mail, seq));
  }

  private word(): string {
    return textOf(this.args[this.at++]);
  }

  private one(depth: number): Matches {
    if (depth > MAX_DEPTH) throw new BadCommand('too much to search for');
    const token = this.args[this.at++];
    if (token === undefined) throw new BadCommand('a search key is missing');
    if (token.kind === 'list') return new Keys(token.items, this.searched).all(depth + 1);
    const key = token.text.toUpperCase();
    const flag = /^(UN)?(SEEN|ANSWERED|FLAGGED|DELETED|DRAFT)$/.exec(key);
    if (flag !== null) return this.flag(`\\${flag[2]![0]}${flag[2]!.slice(1).toLowerCase()}`, flag[1] === undefined);
    switch (key) {
      case 'ALL':
      case 'OLD':
        return () => true;
      case 'NEW':
      case 'RECENT':
        return () => false;
      case 'UID':
        return this.uidIn(this.word());
      case 'NOT': {
        const matches = this.one(depth + 1);
        return (mail, seq) => !matches(mail, seq);
      }
      case 'OR': {
        const [a, b] = [this.one(depth + 1), this.one(depth + 1)];
        return (mail, seq) => a(mail, seq) || b(mail, seq);
      }
      case 'LARGER':
      case 'SMALLER':
        return this.size(key === 'LARGER');
      case 'SINCE':
      case 'BEFORE':
      case 'ON':
        return this.day(key, (mail) => mail.receivedAt.getTime());
      case 'SENTSINCE':
      case 'SENTBEFORE':
      case 'SENTON':
        return this.day(
          key.slice(4),
          (mail) => Date.parse(fieldsOf(mail, 'date')[0] ?? '') || mail.receivedAt.getTime(),
        );
      case 'FROM':
      case 'TO':
      case 'CC':
      case 'BCC':
      case 'SUBJECT':
        return this.header(key, this.word());
      case 'HEADER':
        return this.header(this.word(), this.word());
      case 'TEXT':
      case 'BODY':
        return this.text(this.word());
      default:
        return this.numbered(key);
    }
  }

  private flag(name: string, set: boolean): Matches {
    return (mail) => this.searched.mailbox.flags(mail.id).has(name) === set;
  }

  private uidIn(set: string): Matches {
    const holds = parseSet(set, this.searched.uids.at(-1) ?? 0);
    return (mail) => holds(mail.id);
  }

  private numbered(set: string): Matches {
    const holds = parseSet(set, this.searched.uids.length);
    return (_mail, seq) => holds(seq);
  }

  private size(larger: boolean): Matches {
    const bytes = Number(this.word());
    if (!Number.isSafeInteger(bytes)) throw new BadCommand('expected a number');
    return ({ raw }) => (larger ? raw.length > bytes : raw.length < bytes);
  }

  private day(key: string, of: (mail: StoredMail) => number): Matches {
    const word = this.word();
    const from = /^\d{1,2}-[A-Za-z]{3}-\d{4}$/.test(word)
      ? Date.parse(`${word.replaceAll('-', ' ')} 00:00:00 UTC`)
      : NaN;
    if (Number.isNaN(from)) throw new BadCommand('expected a date');
    const next = from + 86_400_000;
    if (key === 'SINCE') return (mail) => of(mail) >= from;
    if (key === 'BEFORE') return (mail) => of(mail) < from;
    return (mail) => of(mail) >= from && of(mail) < next;
  }

  private header(name: string, text: string): Matches {
    const [field, part] = [name.toLowerCase(), text.toLowerCase()];
    return (mail) => fieldsOf(mail, field).some((value) => value.toLowerCase().includes(part));
  }

  private text(text: string): Matches {
    const part = text.toLowerCase();
    return ({ raw }) => raw.toString('latin1').toLowerCase().includes(part);
  }
}

function fieldsOf(mail: StoredMail, name: string): string[] {
  return headerFields(mail.raw)
    .filter((field) => field.name === name)
    .map((field) => field.value);
}
