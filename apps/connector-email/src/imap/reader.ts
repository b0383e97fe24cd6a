import type { InboundEvent, PlatformReceipt, Pulled } from '@huiliu/connector-kit';
import type { definition } from '../definition';
import { advance, type Cursor, cursorFor, firstCursor, isBehind, readCursor, writeCursor } from './cursor';
import type { Mailbox, MailHead } from './mailbox';
import { nextBatch, nextLook } from './plan';

type Definition = typeof definition;

/** What a mail says, in our words: events and receipts, both empty for what is left out (an echo of ours). */
export interface ReadOut {
  readonly events: readonly InboundEvent<Definition>[];
  readonly receipts: readonly PlatformReceipt<Definition>[];
}

/** A mail as it lies in the mailbox. */
export interface FetchedMail extends MailHead {
  /** At most `MAX_SOURCE` bytes of it. */
  readonly source: Buffer;
}

/** Bytes of a mail that are fetched: more than a mail may hold that is read whole. */
export const MAX_SOURCE = 64 * 1024 * 1024 + 1;
/** A first reading of fewer mails is over before anybody looks. */
const SHOWN_FROM = 50;
/** A mail that the server refuses to give so often is shown as such, and the mailbox goes on. */
const GIVE_UP_AFTER = 3;

export interface ReaderOptions {
  readonly importFrom: string | undefined;
  readonly markSeen: boolean;
  /** Opens the mailbox; gives up once `signal` aborts. */
  readonly open: (signal: AbortSignal) => Promise<Mailbox>;
  /** Reads one mail; throws only when it is to be tried again. */
  readonly read: (mail: FetchedMail, signal: AbortSignal) => Promise<ReadOut>;
  /** What is shown in place of a mail that the server does not give. */
  readonly unfetched: (mail: MailHead) => ReadOut;
  /** The mailbox is open; how far a long reading is, null when there is none. */
  readonly wellAt: (progress: { done: number; total: number } | null) => void;
  /** Nothing is left to read: what else there is to know of the mailbox can be asked. */
  readonly rests: (box: Mailbox) => Promise<void>;
  readonly now: () => Date;
}

/** Reads one mailbox, a small batch at a time, and waits for news when there is nothing. */
export class Reader {
  private box: Mailbox | null = null;
  /** UIDs that are not read yet. */
  private waiting: number[] = [];
  private progress: { done: number; total: number } | null = null;
  /** Read by the last pull; marked once the cursor shows that they were published. */
  private marks: number[] = [];
  /** How often the server refused to give the batch that begins with this mail. */
  private refusals: { uid: number; times: number } | null = null;

  constructor(private readonly options: ReaderOptions) {}

  close(): void {
    this.box?.close();
    this.box = null;
    this.waiting = [];
    this.progress = null;
    this.marks = [];
  }

  /** One batch, or a wait for news that brings nothing. A failure closes the connection; the next pull begins from the cursor. */
  async pull(kept: string | null, signal: AbortSignal): Promise<Pulled<Definition>> {
    const cursor = readCursor(kept);
    // Kept before anything is connected: what comes while the server cannot be reached is read later.
    if (cursor === null)
      return { ...nothing, cursor: writeCursor(firstCursor(this.options.importFrom, this.options.now())), more: true };
    const close = (): void => this.close();
    signal.addEventListener('abort', close);
    try {
      return await this.pullFrom(cursor, signal);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      signal.removeEventListener('abort', close);
    }
  }

  private async pullFrom(before: Cursor, signal: AbortSignal): Promise<Pulled<Definition>> {
    const box = await this.opened(signal);
    await this.mark(box, before);
    const cursor = cursorFor(before, box);
    if (this.waiting.length === 0) await this.look(box, cursor);
    this.options.wellAt(this.progress);
    if (this.waiting.length > 0) return this.readOn(box, cursor, signal);
    this.progress = null;
    // What was there before us need not be listed again.
    const after = cursor.lastUid < cursor.until ? advance(cursor, [], cursor.until) : cursor;
    if (after !== before) return { ...nothing, cursor: writeCursor(after), more: true };
    await this.options.rests(box);
    await box.waitForNews(signal);
    return { ...nothing, cursor: writeCursor(after), more: false };
  }

  private async opened(signal: AbortSignal): Promise<Mailbox> {
    if (this.box?.usable === true) return this.box;
    this.close();
    return (this.box = await this.options.open(signal));
  }

  private async look(box: Mailbox, cursor: Cursor): Promise<void> {
    const from = cursor.from === null ? null : new Date(cursor.from);
    this.waiting = await box.uids(cursor.lastUid + 1, cursor.until, from);
    const total = this.waiting.length;
    this.progress = total < SHOWN_FROM ? null : { done: 0, total };
  }

  private async readOn(box: Mailbox, cursor: Cursor, signal: AbortSignal): Promise<Pulled<Definition>> {
    const looked = nextLook(this.waiting);
    const heads = await box.heads(looked);
    const wanted = heads.filter((head) => !isBehind(cursor, head));
    // After a refusal one by one, to know which mail it is.
    const batch = nextBatch(wanted).slice(0, this.refusals === null ? Infinity : 1);
    const last = batch.at(-1);
    const whole = last === undefined || batch.length === wanted.length;
    const lastUid = whole ? (looked.at(-1) ?? cursor.lastUid) : last.uid;
    const given = this.isGivenUp(batch[0]) ? null : await this.fetch(box, batch);
    const mails = given ?? [];
    const read: ReadOut[] = given === null ? batch.map((head) => this.options.unfetched(head)) : [];
    for (const mail of mails) {
      signal.throwIfAborted();
      read.push(await this.options.read(mail, signal));
    }
    if (this.refusals !== null && this.refusals.uid <= lastUid) this.refusals = null;
    const left = this.waiting.filter((uid) => uid > lastUid);
    if (this.progress !== null) this.progress = { ...this.progress, done: this.progress.total - left.length };
    this.waiting = left;
    this.marks = this.options.markSeen ? mails.map(({ uid }) => uid) : [];
    return {
      events: read.flatMap(({ events }) => events),
      receipts: read.flatMap(({ receipts }) => receipts),
      cursor: writeCursor(advance(cursor, batch, lastUid)),
      more: true,
    };
  }

  private isGivenUp(first: MailHead | undefined): boolean {
    return first !== undefined && this.refusals?.uid === first.uid && this.refusals.times >= GIVE_UP_AFTER;
  }

  private async fetch(box: Mailbox, batch: readonly MailHead[]): Promise<FetchedMail[]> {
    const [first] = batch;
    if (first === undefined) return [];
    const uids = batch.map(({ uid }) => uid);
    const sources = await box.sources(uids, MAX_SOURCE).catch((error: unknown) => {
      if (isRefusal(error))
        this.refusals = { uid: first.uid, times: this.refusals?.uid === first.uid ? this.refusals.times + 1 : 1 };
      throw error;
    });
    return batch.flatMap((head) => {
      const source = sources.get(head.uid);
      return source === undefined ? [] : [{ ...head, source }];
    });
  }

  /** Only what the cursor has passed: it was published. */
  private async mark(box: Mailbox, cursor: Cursor): Promise<void> {
    const published = this.marks.filter((uid) => uid <= cursor.lastUid);
    this.marks = [];
    if (published.length > 0) await box.markSeen(published);
  }
}

/** The server, or what reads its answers, does not cope with a mail; the connection as such is well. */
function isRefusal(error: unknown): boolean {
  const { code = '', responseStatus = '' } = error as { code?: string; responseStatus?: string };
  return ['NO', 'BAD'].includes(responseStatus) || /^(Parser|Line|Literal|Response)/.test(code);
}

const nothing = { events: [], receipts: [] } as const;
