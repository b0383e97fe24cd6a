import { type FetchMessageObject, type FetchQueryObject, ImapFlow, type SearchObject } from 'imapflow';
import { isIP } from 'node:net';
import type { ResolvedAddress } from '@huiliu/connector-kit';
import type { ServerLogin } from '../definition';
import { messageIdsIn } from '../mime/references';

const CONNECT_MS = 10_000;
const GREETING_MS = 10_000;
/** A server that says nothing for so long while it owes an answer hangs. */
const SILENCE_MS = 60_000;
/** IDLE is asked for again long before the 29 minutes after which servers end it (RFC 2177), which also finds dead connections. */
const IDLE_MS = 4 * 60_000;
/** Where there is no IDLE. */
const ASK_EVERY_MS = 10_000;

/** What is known of a mail before it is read. */
export interface MailHead {
  readonly uid: number;
  /** In bytes, as the server says. */
  readonly size: number;
  readonly arrivedAt: Date | null;
  readonly messageId: string | null;
}

/** One folder of a mailbox on one IMAP connection. Whatever goes wrong ends it: the next one is opened anew. */
export class Mailbox {
  private news = true;

  private constructor(
    private readonly client: ImapFlow,
    readonly uidValidity: string,
    /** The UID that the next mail gets, as it was when the folder was opened. */
    readonly uidNext: number,
  ) {
    client.on('exists', () => void (this.news = true));
  }

  /** Connects to the address that was checked, under the server's own name. The folder is opened to be read only, unless mails are to be marked. */
  static async open(
    login: ServerLogin,
    address: ResolvedAddress,
    options: { readonly folder: string; readonly writes: boolean; readonly signal?: AbortSignal },
  ): Promise<Mailbox> {
    const { signal } = options;
    const client = connection(login, address);
    const cut = (): void => client.close();
    signal?.addEventListener('abort', cut, { once: true });
    try {
      signal?.throwIfAborted();
      await client.connect();
      const box = await client.mailboxOpen(options.folder, { readOnly: !options.writes });
      return new Mailbox(client, String(box.uidValidity), box.uidNext);
    } catch (error) {
      client.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', cut);
    }
  }

  /** Tries to log in and to open the folder; answers how full the mailbox is. */
  static async check(login: ServerLogin, address: ResolvedAddress, folder: string): Promise<number | null> {
    const box = await Mailbox.open(login, address, { folder, writes: false });
    try {
      return await box.fullness();
    } finally {
      box.close();
    }
  }

  get usable(): boolean {
    return this.client.usable;
  }

  close(): void {
    this.client.close();
  }

  /** UIDs from `first` on, ascending; of those up to `until` only what came at or after `from`, to the day. */
  async uids(first: number, until: number, from: Date | null): Promise<number[]> {
    this.news = false;
    const found: number[] = [];
    if (first <= until) {
      // Days are the server's own; the caller looks at the times.
      const since = from === null ? {} : { since: new Date(from.getTime() - 36 * 3600_000) };
      found.push(...(await this.search({ uid: `${first}:${until}`, ...since })));
    }
    const next = Math.max(first, until + 1);
    // `n:*` names the last mail even where its UID is smaller.
    found.push(...(await this.search({ uid: `${next}:*` })).filter((uid) => uid >= next));
    return [...new Set(found)].sort((a, b) => a - b);
  }

  /** What is known of these mails without reading them; those that are gone are absent. */
  async heads(uids: readonly number[]): Promise<MailHead[]> {
    const found = await this.fetch(uids, { uid: true, size: true, internalDate: true, headers: ['message-id'] });
    return found
      .map(({ uid, size = 0, internalDate, headers }) => ({
        uid,
        size,
        arrivedAt: dateOf(internalDate),
        messageId: messageIdsIn((headers?.toString('latin1') ?? '').replace(/^message-id:/i, ''))[0] ?? null,
      }))
      .sort((a, b) => a.uid - b.uid);
  }

  /** The sources of mails, of each at most `most` bytes; read without marking them (BODY.PEEK). Those that are gone are absent. */
  async sources(uids: readonly number[], most: number): Promise<Map<number, Buffer>> {
    const found = await this.fetch(uids, { uid: true, source: { start: 0, maxLength: most } });
    return new Map(found.flatMap(({ uid, source }) => (Buffer.isBuffer(source) ? [[uid, source] as const] : [])));
  }

  /** How much of its space the mailbox takes, 1 for all of it; null where the server does not tell (RFC 9208). */
  async fullness(): Promise<number | null> {
    const { mailbox } = this.client;
    const quota = mailbox === false ? false : await this.client.getQuota(mailbox.path);
    this.assertOpen();
    const { usage, limit = 0 } = (quota === false ? undefined : quota?.storage) ?? {};
    return usage === undefined || limit === 0 ? null : usage / limit;
  }

  async markSeen(uids: readonly number[]): Promise<void> {
    await this.client.messageFlagsAdd(uids.join(','), ['\\Seen'], { uid: true });
  }

  /** Resolves when there may be new mails, some minutes later at most. Throws when the connection breaks. */
  async waitForNews(signal: AbortSignal): Promise<void> {
    if (this.news) return;
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const events = ['exists', 'close', 'error'] as const;
    for (const event of events) this.client.on(event, wake);
    signal.addEventListener('abort', wake);
    const timer = setTimeout(wake, this.hasIdle ? IDLE_MS : ASK_EVERY_MS);
    try {
      if (signal.aborted) return;
      // Ends by itself when the server ends it, refuses it or is lost.
      if (this.hasIdle) void this.client.idle().then(wake, wake);
      await woken;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      for (const event of events) this.client.off(event, wake);
    }
    if (signal.aborted) return;
    // Ends IDLE, and shows that the connection lives.
    await this.client.noop();
    this.assertOpen();
  }

  private get hasIdle(): boolean {
    return this.client.capabilities.has('IDLE') || this.client.capabilities.has('IMAP4REV2');
  }

  /** The client finds nothing where no folder is open (any more): that must not look like mails that are gone. */
  private assertOpen(): void {
    if (!this.client.usable || this.client.mailbox === false) throw new Error('the connection was lost');
  }

  private async fetch(uids: readonly number[], query: FetchQueryObject): Promise<FetchMessageObject[]> {
    const found = await this.client.fetchAll(uids.join(','), query, { uid: true });
    this.assertOpen();
    return found;
  }

  private async search(query: SearchObject): Promise<number[]> {
    const found = await this.client.search(query, { uid: true });
    if (!Array.isArray(found)) throw new Error('the search was refused');
    return found;
  }
}

function connection(login: ServerLogin, address: ResolvedAddress): ImapFlow {
  const client = new ImapFlow({
    host: address.address,
    port: login.port,
    secure: login.secure,
    ...(isIP(login.host) === 0 ? { servername: login.host } : {}),
    auth: { user: login.user, pass: login.pass },
    // 163.com lets in only who says what it is (RFC 2971).
    clientInfo: { name: 'huiliu', vendor: 'huiliu' },
    logger: false,
    disableAutoIdle: true,
    disableCompression: true,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: GREETING_MS,
    socketTimeout: SILENCE_MS,
    maxLineLength: 8 * 1024 * 1024,
    maxLiteralSize: 128 * 1024 * 1024,
    maxResponseSize: 256 * 1024 * 1024,
  });
  // What breaks the connection fails the command that is under way, or the next one.
  client.on('error', () => undefined);
  return client;
}

function dateOf(date: Date | string | undefined): Date | null {
  const read = date === undefined ? null : new Date(date);
  return read === null || Number.isNaN(read.getTime()) ? null : read;
}
