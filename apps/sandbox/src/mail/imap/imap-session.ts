import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Mailbox } from '../store/mailbox';
import { type MailStore, StoreFull } from '../store/mail-store';
import { BadCommand, type Command, parseCommand, textOf, type Token } from './command-parser';
import { CommandReader, TooLong } from './command-reader';
import { stringOf } from './envelope';
import { parseItems } from './fetch-items';
import { parseSearch } from './search-keys';
import { parseSet } from './sequence-set';

export type LogIn = (user: string, password: string) => boolean;

/** Refused with these words; the connection stays as it is. */
class Refused extends Error {}

interface Selected {
  readonly mailbox: Mailbox;
  readonly readOnly: boolean;
  /** UIDs as the client has been told of them: their places are the sequence numbers. */
  uids: number[];
  readonly unsubscribe: () => void;
}

const CAPABILITIES = 'IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ID NAMESPACE IDLE CHILDREN UNSELECT';
const FLAGS = '\\Answered \\Flagged \\Deleted \\Seen \\Draft';
const MOST_BAD = 20;
const LEAVING_MS = 1_000;
const LOGIN_MS = 60_000;
/** RFC 3501 §5.4: thirty minutes at least. */
const IDLE_MS = 31 * 60_000;
/** While these run, sequence numbers may not move (RFC 3501 §5.5). */
const KEEPS_NUMBERS = new Set(['FETCH', 'STORE', 'SEARCH']);
/** Until someone has logged in, these are the ones there are. */
const BEFORE_LOGIN = new Set(['CAPABILITY', 'NOOP', 'LOGOUT', 'ID', 'LOGIN', 'AUTHENTICATE']);

type Handler = (args: readonly Token[]) => Promise<string> | string;

/** One IMAP connection (RFC 3501, 2177, 2342, 2971, 4959): what a client needs that reads a mailbox and waits for what is new. */
export class ImapSession {
  private user: string | null = null;
  private selected: Selected | null = null;
  /** What the next line is, when it is not a command. */
  private expects: ((line: string) => void) | null = null;
  private idling = false;
  private bad = 0;
  private ended = false;

  private readonly handlers: Readonly<Record<string, Handler>> = {
    CAPABILITY: () => this.capability(),
    NOOP: () => 'NOOP completed',
    CHECK: () => 'CHECK completed',
    ID: () => this.id(),
    LOGIN: (args) => this.logIn(textOf(args[0]), textOf(args[1])),
    NAMESPACE: () => this.namespace(),
    LIST: (args) => this.list('LIST', textOf(args[0]), textOf(args[1])),
    LSUB: (args) => this.list('LSUB', textOf(args[0]), textOf(args[1])),
    STATUS: (args) => this.status(textOf(args[0]), args[1]),
    SELECT: (args) => this.select(textOf(args[0]), false),
    EXAMINE: (args) => this.select(textOf(args[0]), true),
    CLOSE: () => this.unselect('CLOSE'),
    UNSELECT: () => this.unselect('UNSELECT'),
    FETCH: (args) => this.fetch(args, false),
    'UID FETCH': (args) => this.fetch(args, true),
    SEARCH: (args) => this.search(args, false),
    'UID SEARCH': (args) => this.search(args, true),
    STORE: (args) => this.store(args, false),
    'UID STORE': (args) => this.store(args, true),
  };

  constructor(
    private readonly socket: Socket,
    private readonly mails: MailStore,
    private readonly admits: LogIn,
  ) {}

  /** Serves the connection until it ends; never throws. */
  async run(): Promise<void> {
    this.socket.setNoDelay(true);
    this.socket.setTimeout(LOGIN_MS, () => this.socket.destroy());
    const reader = new CommandReader(() => this.send('+ go on'));
    this.send(`* OK [CAPABILITY ${CAPABILITIES}] the sandbox's mailboxes`);
    try {
      for await (const chunk of this.socket.iterator({ destroyOnReturn: false }))
        for (const bytes of reader.push(chunk as Buffer)) {
          await this.take(bytes);
          if (this.ended) return;
        }
    } catch (error) {
      // What breaks off is the client's own affair.
      if (error instanceof TooLong) this.bye(error.message);
    } finally {
      this.selected?.unsubscribe();
      // Read on, or what we said last is lost with the connection.
      this.socket.end().resume();
      setTimeout(() => this.socket.destroy(), LEAVING_MS).unref();
    }
  }

  private async take(bytes: Buffer): Promise<void> {
    if (this.expects !== null) return this.expects(bytes.toString('latin1'));
    let command: Command;
    try {
      command = parseCommand(bytes);
    } catch (error) {
      return this.refuse(error, '*');
    }
    try {
      await this.perform(command);
    } catch (error) {
      this.refuse(error, command.tag);
    }
  }

  private async perform({ tag, name, args }: Command): Promise<void> {
    if (name === 'LOGOUT') return this.logOut(tag);
    if (this.user === null && !BEFORE_LOGIN.has(name)) {
      if (name in this.handlers || name === 'IDLE') throw new Refused('log in first');
      throw new BadCommand('no such command');
    }
    if (name === 'AUTHENTICATE') return this.authenticate(tag, args);
    if (name === 'IDLE') return this.idle(tag);
    const handler = Object.hasOwn(this.handlers, name) ? this.handlers[name] : undefined;
    if (handler === undefined) throw new BadCommand('no such command');
    const done = await handler(args);
    this.tellNews(!KEEPS_NUMBERS.has(name));
    this.send(`${tag} OK ${done}`);
  }

  private refuse(error: unknown, tag: string): void {
    if (error instanceof Refused || error instanceof StoreFull) return this.send(`${tag} NO ${error.message}`);
    const bad = error instanceof BadCommand;
    this.send(`${bad && error.tag !== '*' ? error.tag : tag} BAD ${bad ? error.message : 'that went wrong here'}`);
    if (++this.bad >= MOST_BAD) this.bye('too many bad commands');
  }

  private capability(): string {
    this.send(`* CAPABILITY ${CAPABILITIES}`);
    return 'CAPABILITY completed';
  }

  private id(): string {
    this.send('* ID ("name" "Huiliu sandbox")');
    return 'ID completed';
  }

  private namespace(): string {
    this.send('* NAMESPACE (("" "/")) NIL NIL');
    return 'NAMESPACE completed';
  }

  private logIn(user: string, password: string): string {
    if (this.user !== null) throw new BadCommand('already logged in');
    if (!this.admits(user, password)) throw new Refused('[AUTHENTICATIONFAILED] wrong address or password');
    this.user = user;
    this.socket.setTimeout(IDLE_MS);
    return `[CAPABILITY ${CAPABILITIES}] logged in`;
  }

  private authenticate(tag: string, args: readonly Token[]): void {
    if (textOf(args[0]).toUpperCase() !== 'PLAIN') throw new Refused('[CANNOT] only PLAIN');
    const finish = (response: string): void => {
      this.expects = null;
      try {
        if (response === '*') throw new BadCommand('given up');
        const [, user = '', password = ''] = Buffer.from(response, 'base64').toString('utf8').split('\0');
        this.send(`${tag} OK ${this.logIn(user, password)}`);
      } catch (error) {
        this.refuse(error, tag);
      }
    };
    if (args[1] !== undefined) return finish(textOf(args[1]));
    this.expects = finish;
    this.send('+ ');
  }

  private list(word: string, reference: string, pattern: string): string {
    if (pattern === '') this.send(`* ${word} (\\Noselect) "/" ""`);
    else if (reference === '' && matchesInbox(pattern)) this.send(`* ${word} (\\HasNoChildren) "/" INBOX`);
    return `${word} completed`;
  }

  private status(name: string, items: Token | undefined): string {
    const mailbox = this.inbox(name);
    if (items?.kind !== 'list') throw new BadCommand('expected a list of what to tell');
    const told = items.items.map((item) => {
      const word = textOf(item).toUpperCase();
      const value = this.statusOf(mailbox, word);
      if (value === undefined) throw new BadCommand('no such status');
      return `${word} ${value}`;
    });
    this.send(`* STATUS INBOX (${told.join(' ')})`);
    return 'STATUS completed';
  }

  private statusOf(mailbox: Mailbox, word: string): number | undefined {
    switch (word) {
      case 'MESSAGES':
        return mailbox.inbox.length;
      case 'RECENT':
        return 0;
      case 'UIDNEXT':
        return uidNext(mailbox);
      case 'UIDVALIDITY':
        return this.mails.uidValidity;
      case 'UNSEEN':
        return mailbox.inbox.filter(({ id }) => !mailbox.flags(id).has('\\Seen')).length;
      default:
        return undefined;
    }
  }

  private select(name: string, readOnly: boolean): string {
    this.unselect('');
    const mailbox = this.inbox(name);
    this.selected = {
      mailbox,
      readOnly,
      uids: mailbox.inbox.map(({ id }) => id),
      unsubscribe: this.mails.onChange(mailbox, () => this.idling && this.tellNews(true)),
    };
    this.send(`* FLAGS (${FLAGS})`);
    this.send(`* OK [PERMANENTFLAGS (${readOnly ? '' : `${FLAGS} \\*`})] flags that stay`);
    this.send(`* ${mailbox.inbox.length} EXISTS`);
    this.send('* 0 RECENT');
    this.send(`* OK [UIDVALIDITY ${this.mails.uidValidity}] of this start`);
    this.send(`* OK [UIDNEXT ${uidNext(mailbox)}] the next`);
    return readOnly ? '[READ-ONLY] opened' : '[READ-WRITE] opened';
  }

  private unselect(name: string): string {
    this.selected?.unsubscribe();
    this.selected = null;
    return `${name} completed`;
  }

  private async fetch(args: readonly Token[], byUid: boolean): Promise<string> {
    const selected = this.requireSelected();
    const { mailbox, readOnly } = selected;
    const items = parseItems(args[1], byUid);
    if (args.length > 2) throw new BadCommand('too many arguments');
    const marks = !readOnly && items.some((item) => item.marks);
    for (const { uid, seq } of this.named(selected, textOf(args[0]), byUid)) {
      const mail = mailbox.find(uid);
      if (mail === undefined) continue;
      if (marks && !mailbox.flags(uid).has('\\Seen')) mailbox.setFlags(uid, [...mailbox.flags(uid), '\\Seen']);
      this.socket.write(`* ${seq} FETCH (`);
      for (const [index, item] of items.entries()) {
        if (index > 0) this.socket.write(' ');
        this.socket.write(item.render(mail, mailbox));
      }
      this.send(')');
      // A client that does not read gets no more: what waits for it is one mail.
      if (this.socket.writableNeedDrain) await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]);
      if (this.socket.destroyed) break;
    }
    return 'FETCH completed';
  }

  private search(args: readonly Token[], byUid: boolean): string {
    const { mailbox, uids } = this.requireSelected();
    const matches = parseSearch(args, { mailbox, uids });
    const found = uids.flatMap((uid, index) => {
      const mail = mailbox.find(uid);
      return mail !== undefined && matches(mail, index + 1) ? [byUid ? uid : index + 1] : [];
    });
    this.send(`* SEARCH${found.map((n) => ` ${n}`).join('')}`);
    return 'SEARCH completed';
  }

  private store(args: readonly Token[], byUid: boolean): string {
    const selected = this.requireSelected();
    if (selected.readOnly) throw new Refused('the mailbox is open for reading only');
    const how = /^([+-]?)FLAGS(\.SILENT)?$/.exec(textOf(args[1]).toUpperCase());
    const given = args.slice(2).flatMap((arg) => (arg.kind === 'list' ? arg.items.map(textOf) : [textOf(arg)]));
    if (how === null || given.length > 20 || !given.every((flag) => /^\\?[A-Za-z0-9$_-]{1,40}$/.test(flag)))
      throw new BadCommand('expected flags');
    for (const { uid, seq } of this.named(selected, textOf(args[0]), byUid)) {
      const before = selected.mailbox.flags(uid);
      const after = new Set(how[1] === '' ? given : [...before, ...(how[1] === '+' ? given : [])]);
      if (how[1] === '-') for (const flag of given) after.delete(flag);
      selected.mailbox.setFlags(uid, [...after].slice(0, 40));
      if (how[2] === undefined)
        this.send(
          `* ${seq} FETCH (${byUid ? `UID ${uid} ` : ''}FLAGS (${[...selected.mailbox.flags(uid)].join(' ')}))`,
        );
    }
    return 'STORE completed';
  }

  private idle(tag: string): void {
    this.idling = true;
    this.expects = (line) => {
      this.expects = null;
      this.idling = false;
      if (line.toUpperCase() === 'DONE') return this.send(`${tag} OK IDLE ended`);
      this.refuse(new BadCommand('expected DONE'), tag);
    };
    this.send('+ idling');
    this.tellNews(true);
  }

  private logOut(tag: string): void {
    this.send('* BYE good-bye');
    this.send(`${tag} OK LOGOUT completed`);
    this.ended = true;
  }

  private bye(why: string): void {
    this.send(`* BYE ${why}`);
    this.ended = true;
  }

  /** Tells what has come, and (`gone`) what is no more. */
  private tellNews(gone: boolean): void {
    if (this.selected === null) return;
    const now = this.selected.mailbox.inbox.map(({ id }) => id);
    const there = new Set(now);
    if (gone)
      for (let index = this.selected.uids.length - 1; index >= 0; index--) {
        if (there.has(this.selected.uids[index]!)) continue;
        this.selected.uids.splice(index, 1);
        this.send(`* ${index + 1} EXPUNGE`);
      }
    const last = this.selected.uids.at(-1) ?? 0;
    const fresh = now.filter((id) => id > last);
    if (fresh.length === 0) return;
    this.selected.uids.push(...fresh);
    this.send(`* ${this.selected.uids.length} EXISTS`);
  }

  private named({ uids }: Selected, set: string, byUid: boolean): { readonly uid: number; readonly seq: number }[] {
    const holds = parseSet(set, byUid ? (uids.at(-1) ?? 0) : uids.length);
    return uids.map((uid, index) => ({ uid, seq: index + 1 })).filter(({ uid, seq }) => holds(byUid ? uid : seq));
  }

  private inbox(name: string): Mailbox {
    if (name.toUpperCase() !== 'INBOX')
      throw new Refused(
        `[NONEXISTENT] there is INBOX only, not ${stringOf(name.slice(0, 80).replace(/[^\x20-\x7e]/g, '?'))}`,
      );
    return this.mails.mailbox(this.user ?? '');
  }

  private requireSelected(): Selected {
    if (this.selected === null) throw new BadCommand('no mailbox is selected');
    return this.selected;
  }

  private send(line: string): void {
    if (this.socket.writable) this.socket.write(`${line}\r\n`, 'latin1');
  }
}

const uidNext = (mailbox: Mailbox): number => (mailbox.inbox.at(-1)?.id ?? 0) + 1;

/** Whether a pattern of LIST (`*`, `%`) names INBOX. */
function matchesInbox(pattern: string): boolean {
  if (pattern.length > 100) return false;
  const wild = pattern
    .replace(/[*%]+/g, '*')
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return wild.length <= 8 && new RegExp(`^${wild.join('.*')}$`, 'i').test('INBOX');
}
