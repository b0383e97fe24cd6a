import { ConnectorError } from '@huiliu/connector-kit';
import { connectionErrorOf } from './errors';
import type { Person, Said } from './inbound';
import { type ContactPayload, type Loaded, MESSAGE } from './puppet';

const ASK_MS = 30_000;
/** A puppet that has not said anything for so long, not even when asked, is not there any more. */
const SILENT_MS = 100_000;
const CALL_MS = 15_000;
const FILE_MS = 25_000;
const STOP_MS = 5_000;
/** Troubles that end a connection; the others are one message's, or one call's. */
const FATAL = /\b(14 UNAVAILABLE|16 UNAUTHENTICATED|13 INTERNAL|1 CANCELLED)\b|Invalid Wechaty TOKEN|ECONNRE/;

/** What a connection tells as it happens. */
export interface Hears {
  scan(status: number, qr: string | undefined): void;
  loggedIn(name: string): void;
  loggedOut(): void;
  message(id: string): void;
}

/** One connection to a puppet: what comes goes to `hears`, what is said goes out here. */
export class PuppetClient {
  private seenAtMs = performance.now();
  private trouble: Error | null = null;
  private broken: (error: unknown) => void = () => undefined;
  private stopping = false;

  private constructor(
    private readonly loaded: Loaded,
    private readonly hears: Hears,
  ) {}

  /** Starts the puppet. Throws `ConnectorError` when it cannot be reached. */
  static async start(loaded: Loaded, hears: Hears): Promise<PuppetClient> {
    const client = new PuppetClient(loaded, hears);
    client.listen();
    await loaded.bot.start();
    if (client.trouble !== null) {
      await client.stop();
      throw connectionErrorOf(client.trouble);
    }
    return client;
  }

  get loggedIn(): boolean {
    return this.loaded.puppet.isLoggedIn;
  }

  /** Resolves when `signal` aborts; rejects with what ended the connection. */
  async held(signal: AbortSignal): Promise<void> {
    const asking = setInterval(() => this.ask(), ASK_MS);
    try {
      await new Promise<void>((resolve, reject) => {
        this.broken = reject;
        if (this.trouble !== null) reject(this.trouble);
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } catch (error) {
      throw connectionErrorOf(error);
    } finally {
      clearInterval(asking);
    }
  }

  /** Never throws, and never waits for long: a dead connection cannot say goodbye. */
  async stop(): Promise<void> {
    this.stopping = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS)));
    await Promise.race([this.loaded.bot.stop().catch(() => undefined), late]);
    clearTimeout(timer);
  }

  sendText(to: string, text: string): Promise<string | void> {
    return this.loaded.puppet.messageSendText(to, text);
  }

  sendFile(to: string, name: string, bytes: Buffer): Promise<string | void> {
    return this.loaded.puppet.messageSendFile(to, this.loaded.fileOf(name, bytes));
  }

  recall(id: string): Promise<boolean> {
    return this.loaded.puppet.messageRecall(id);
  }

  async file(id: string): Promise<{ name: string; mime: string; bytes: Buffer }> {
    // A file that is not there leaves wechaty-puppet-service waiting for ever.
    const file = await soon(this.loaded.puppet.messageFile(id));
    return {
      name: file.name,
      mime: file.mediaType ?? 'application/octet-stream',
      bytes: await soon(file.toBuffer(), FILE_MS),
    };
  }

  /** A message with all that belongs to it. Throws while the puppet does not tell. */
  async said(id: string): Promise<Said> {
    const { puppet } = this.loaded;
    const payload = await soon(puppet.messagePayload(id));
    const { type, timestamp, talkerId = '', roomId = '', listenerId = '' } = payload;
    if (talkerId === '' && roomId === '') throw new Error('a message of nobody');
    const is = (kind: number): boolean => type === kind;
    const [talker, listener, room, file, place, link, miniProgram, card] = await Promise.all([
      this.person(talkerId),
      listenerId === '' ? null : this.person(listenerId),
      roomId === '' ? null : this.room(roomId, talkerId),
      is(MESSAGE.attachment) || is(MESSAGE.unknown) ? this.fileHead(id) : null,
      is(MESSAGE.location) ? orNull(puppet.messageLocation(id)) : null,
      is(MESSAGE.url) ? orNull(puppet.messageUrl(id)) : null,
      is(MESSAGE.miniProgram) ? orNull(puppet.messageMiniProgram(id)) : null,
      is(MESSAGE.contact) ? orNull(puppet.messageContact(id).then((one) => this.person(one))) : null,
    ]);
    const self = talkerId !== '' && puppet.isLoggedIn && talkerId === puppet.currentUserId;
    const text = payload.text ?? '';
    return { id, type, text, self, talker, room, listener, timestamp, file, place, link, card, miniProgram };
  }

  private listen(): void {
    const { puppet, bot } = this.loaded;
    const alive = (): void => void (this.seenAtMs = performance.now());
    puppet.on('heartbeat', alive);
    puppet.on('dong', alive);
    puppet.on('scan', ({ status, qrcode }) => this.hears.scan(status, qrcode));
    puppet.on('login', ({ contactId }) => {
      void this.person(contactId).then(
        ({ name }) => this.hears.loggedIn(name),
        () => this.hears.loggedIn(contactId),
      );
    });
    // A puppet that is stopped says so too, and the phone stays logged in.
    puppet.on('logout', () => this.stopping || this.hears.loggedOut());
    puppet.on('message', ({ messageId }) => this.hears.message(messageId));
    puppet.on('error', (error) => this.suffer(error));
    bot.on('error', (error) => this.suffer(error));
  }

  private suffer(said: unknown): void {
    const text = wordsOf(said);
    if (this.trouble !== null || !FATAL.test(text)) return;
    this.trouble = said instanceof Error ? said : new Error(text);
    this.broken(this.trouble);
  }

  private ask(): void {
    try {
      if (performance.now() - this.seenAtMs > SILENT_MS) throw new Error('silent');
      this.loaded.puppet.ding('huiliu');
    } catch {
      this.broken(new ConnectorError('transient', 'silent', 'Puppet 服务没有回应'));
    }
  }

  private async person(id: string): Promise<Person> {
    if (id === '') return { id, name: '', type: null };
    const { name, alias, type }: ContactPayload = await soon(this.loaded.puppet.contactPayload(id));
    return { id, name: alias || name || '', type: type ?? null };
  }

  private async room(id: string, talkerId: string): Promise<Said['room']> {
    const { puppet } = this.loaded;
    const [room, member] = await Promise.all([
      soon(puppet.roomPayload(id)),
      talkerId === '' ? null : orNull(puppet.roomMemberPayload(id, talkerId)),
    ]);
    return { id, topic: room.topic ?? '', speaker: member?.roomAlias || member?.name || '' };
  }

  private async fileHead(id: string): Promise<Said['file']> {
    const file = await orNull(this.loaded.puppet.messageFile(id));
    return file === null ? null : { name: file.name, mime: file.mediaType ?? '' };
  }
}

/** The puppet's answer, or a failure after some time: a call of it has no end of its own. */
async function soon<T>(call: Promise<T>, ms = CALL_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the puppet does not answer')), ms);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a message can do without. */
const orNull = <T>(call: Promise<T>): Promise<T | null> => soon(call).catch(() => null);

/** A puppet's trouble in words: an error, or one that was packed for the wire. */
function wordsOf(said: unknown): string {
  if (said instanceof Error) return said.message;
  const { gerror, data, message } = (said ?? {}) as Record<string, unknown>;
  return [gerror, data, message].map((one) => (typeof one === 'string' ? one : JSON.stringify(one ?? ''))).join(' ');
}
