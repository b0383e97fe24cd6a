import { EventEmitter } from 'node:events';
import { Mailbox, type StoredMail } from './mailbox';

export interface Envelope {
  /** Empty for what must not be answered: bounces. */
  readonly from: string;
  readonly to: readonly string[];
}

export interface StoreLimits {
  readonly mailboxes: number;
  readonly mails: number;
  readonly bytes: number;
}

const LIMITS: StoreLimits = { mailboxes: 1000, mails: 5000, bytes: 64 * 1024 * 1024 };
const EPOCH = Date.UTC(2025, 0, 1);

/** No more mailboxes can be made, or the mail is larger than all that may be kept. */
export class StoreFull extends Error {}

/** The mailbox that an address belongs to: the case of letters and what follows a plus make no other one. */
export function mailboxName(address: string): string {
  const at = address.lastIndexOf('@');
  const local = at < 0 ? address : address.slice(0, at);
  const plus = local.indexOf('+', 1);
  return `${plus < 0 ? local : local.slice(0, plus)}${at < 0 ? '' : address.slice(at)}`.toLowerCase();
}

/**
 * Everyone's mail, in memory only: who is written to has a mailbox. When it is full, the oldest mails go. A start begins anew, which
 * whoever reads learns from another UIDVALIDITY.
 */
export class MailStore {
  private readonly mailboxes = new Map<string, Mailbox>();
  private readonly mails: { readonly mail: StoredMail; readonly holders: readonly Mailbox[] }[] = [];
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private readonly limits: StoreLimits;
  private bytes = 0;
  private lastId = 0;
  /** Grows from start to start; unsigned 32 bits, as RFC 3501 has it: tenths of seconds. */
  readonly uidValidity: number;

  constructor(
    private readonly now: () => Date,
    limits: Partial<StoreLimits> = {},
  ) {
    this.limits = { ...LIMITS, ...limits };
    this.uidValidity = Math.max(1, Math.floor((now().getTime() - EPOCH) / 100) % 2 ** 32);
  }

  /** The mailbox of an address; made when it is not there. Throws `StoreFull`. */
  mailbox(address: string): Mailbox {
    const name = mailboxName(address);
    const known = this.mailboxes.get(name);
    if (known !== undefined) return known;
    if (this.mailboxes.size >= this.limits.mailboxes) this.dropAnEmptyOne();
    const made = new Mailbox(name);
    this.mailboxes.set(name, made);
    return made;
  }

  /** The mailbox of an address, if somebody has written to it or from it. */
  peek(address: string): Mailbox | undefined {
    return this.mailboxes.get(mailboxName(address));
  }

  /** Puts a mail into each recipient's mailbox, once, as the last server on its way does. Throws `StoreFull`. */
  deliver(envelope: Envelope, raw: Buffer): StoredMail {
    const at = this.now();
    const trace = [
      `Return-Path: <${envelope.from}>`,
      ...(envelope.to.length === 1 ? [`Delivered-To: ${envelope.to[0]}`] : []),
      `Received: from sandbox by sandbox.invalid with SMTP; ${at.toUTCString().replace('GMT', '+0000')}`,
    ];
    const mail = this.keep(Buffer.concat([Buffer.from(`${trace.join('\r\n')}\r\n`), raw]), at);
    const holders = [...new Set(envelope.to.map((address) => this.mailbox(address)))];
    this.add(mail, holders, 'inbox');
    return mail;
  }

  /** Keeps what the owner of a mailbox has sent. Throws `StoreFull`. */
  keepSent(address: string, raw: Buffer): StoredMail {
    const mail = this.keep(raw, this.now());
    this.add(mail, [this.mailbox(address)], 'sent');
    return mail;
  }

  /** Told whenever the mailbox has become another; answers how to stop. */
  onChange(mailbox: Mailbox, listener: () => void): () => void {
    this.changes.on(mailbox.name, listener);
    return () => this.changes.off(mailbox.name, listener);
  }

  private keep(raw: Buffer, receivedAt: Date): StoredMail {
    if (raw.length > this.limits.bytes) throw new StoreFull('the mail is larger than everything that may be kept');
    return { id: ++this.lastId, raw, receivedAt };
  }

  private add(mail: StoredMail, holders: readonly Mailbox[], folder: 'inbox' | 'sent'): void {
    for (const mailbox of holders) mailbox[folder].push(mail);
    this.mails.push({ mail, holders });
    this.bytes += mail.raw.length;
    const changed = new Set(holders);
    while (this.bytes > this.limits.bytes || this.mails.length > this.limits.mails)
      for (const mailbox of this.forgetOldest()) changed.add(mailbox);
    for (const mailbox of changed) this.changes.emit(mailbox.name);
  }

  private forgetOldest(): readonly Mailbox[] {
    const oldest = this.mails.shift();
    if (oldest === undefined) return [];
    this.bytes -= oldest.mail.raw.length;
    for (const mailbox of oldest.holders) mailbox.forget(oldest.mail.id);
    return oldest.holders;
  }

  private dropAnEmptyOne(): void {
    for (const [name, mailbox] of this.mailboxes) {
      if (mailbox.inbox.length > 0 || mailbox.sent.length > 0 || this.changes.listenerCount(name) > 0) continue;
      this.mailboxes.delete(name);
      return;
    }
    throw new StoreFull('there are too many mailboxes');
  }
}
