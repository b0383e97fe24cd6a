import { Feed } from './feed';
import { Memory, newClientId } from './memory';
import { textsFor } from './texts';
import { Thread } from './thread';
import { RequestError, Transport, waitBefore } from './transport';
import type { Identity, Pending, VisitorMessage } from './types';
import { View } from './view';

const MAX_FILE = 20 * 1024 * 1024;
const TYPING_EVERY_MS = 3000;
const LOOK_EVERY_MS = 10_000;

/** The website chat on somebody's page: an outbox of the visitor's messages, the feed of answers, and the view. */
class Widget {
  private readonly thread = new Thread();
  private readonly memory: Memory;
  private readonly transport: Transport;
  private readonly view: View;
  private readonly texts;
  private readonly feed: Feed;
  private posting = false;
  private starting: Promise<void> | null = null;
  private attempt = 0;
  private typedAt = 0;
  private looking: number | undefined;
  /** Files on their way, and those that did not arrive: only this page can send them again. */
  private readonly files = new Map<string, File>();

  constructor(base: string, accountId: string, dataset: DOMStringMap) {
    this.texts = textsFor(dataset['lang']);
    this.memory = new Memory(accountId, dataset['profile']);
    this.transport = new Transport(base, identityFrom(dataset));
    this.view = new View(
      this.texts,
      {
        opened: () => this.opened(),
        send: (text) => this.enqueue({ kind: 'text', text }),
        sendFile: (file) => void this.sendFile(file),
        retry: (clientId) => this.retry(clientId),
        typing: () => this.typing(),
        fileUrl: (id) => this.transport.fileUrl(id),
      },
      dataset['title'],
    );
    this.feed = new Feed(() => this.transport.socketUrl(), {
      messages: (items) => this.receive(items),
      typing: () => this.view.showTyping(),
      live: (missed) => this.live(missed),
      down: () => this.down(),
    });
    for (const pending of this.memory.read().pending ?? [])
      this.thread.add(pending.state === 'accepted' ? { ...pending, state: 'sending' } : pending);
    document.addEventListener('visibilitychange', () => this.noteRead());
    this.draw();
    // Somebody who has written before is told of answers without opening the chat.
    if (this.memory.read().token !== undefined || identityFrom(dataset) !== undefined) void this.start();
    if (dataset['open'] !== undefined) this.view.open();
  }

  private opened(): void {
    void this.start();
    this.noteRead();
  }

  /** Gets a session and connects the feed, once; repeated while the network is away. */
  private start(): Promise<void> {
    this.starting ??= this.connect().catch((error: unknown) => {
      this.starting = null;
      const status = error instanceof RequestError ? error.status : 0;
      if (status === 403) this.view.setNote(this.texts.blocked);
      else if (status === 404) this.view.setNote(this.texts.gone);
      else {
        this.view.setNote(this.texts.offline);
        setTimeout(() => void this.start(), waitBefore(this.attempt++));
      }
    });
    return this.starting;
  }

  private async connect(): Promise<void> {
    const session = await this.transport.open(this.memory.read().token);
    this.memory.write({ token: session.token });
    this.attempt = 0;
    this.feed.connect();
    void this.flush();
  }

  /** Some networks let no socket through: answers are then asked for. */
  private down(): void {
    this.view.setNote(this.texts.offline);
    this.looking ??= setInterval(() => void this.look(), LOOK_EVERY_MS);
  }

  private async look(): Promise<void> {
    try {
      this.receive(await this.transport.history(this.thread.lastSeq()));
      this.view.setNote(null);
      void this.flush();
    } catch {
      // Still away.
    }
  }

  private async live(missed: boolean): Promise<void> {
    clearInterval(this.looking);
    this.looking = undefined;
    this.view.setNote(null);
    void this.flush();
    if (!missed) return;
    try {
      this.receive(await this.transport.history(0));
    } catch {
      setTimeout(() => void this.live(true), waitBefore(2));
    }
  }

  private receive(items: VisitorMessage[]): void {
    const fresh = this.thread.merge(items);
    const answer = [...fresh].reverse().find((message) => message.direction === 'outbound');
    if (answer !== undefined) {
      this.view.hideTyping();
      if (answer.author.name !== '') this.view.setTitle(answer.author.name);
    }
    this.draw();
    this.noteRead();
  }

  private enqueue(content: Pending['content']): void {
    this.thread.add({ clientId: newClientId(), content, state: 'sending', at: new Date().toISOString() });
    this.draw();
    void this.start().then(() => this.flush());
  }

  private async sendFile(file: File): Promise<void> {
    if (file.size > MAX_FILE) return this.view.flash(`${file.name}: ${this.texts.tooLarge}`);
    const clientId = newClientId();
    this.files.set(clientId, file);
    const content = { kind: file.type.startsWith('image/') ? 'image' : 'file', text: '' };
    this.thread.add({ clientId, content, state: 'uploading', at: new Date().toISOString(), label: file.name });
    this.draw();
    await this.upload(clientId, file);
  }

  /** Brings the file there first; its message follows. */
  private async upload(clientId: string, file: File): Promise<void> {
    await this.start();
    try {
      const uploaded = await this.transport.upload(file);
      const kind = uploaded.mime.startsWith('image/') ? 'image' : 'file';
      this.files.delete(clientId);
      this.thread.update(clientId, { state: 'sending', content: { kind, text: '', attachment: { id: uploaded.id } } });
      void this.flush();
    } catch (error) {
      this.thread.update(clientId, { state: 'failed', error: this.reasonOf(error) });
    }
    this.draw();
  }

  private retry(clientId: string): void {
    const file = this.files.get(clientId);
    this.thread.update(clientId, { state: file === undefined ? 'sending' : 'uploading', error: undefined });
    this.draw();
    if (file === undefined) void this.flush();
    else void this.upload(clientId, file);
  }

  /** In the visitor's language: what the server says is for those who run it. */
  private reasonOf(error: unknown): string | undefined {
    const status = error instanceof RequestError ? error.status : 0;
    if (status === 413) return this.texts.tooLarge;
    return status >= 400 && status < 500 && status !== 401 && status !== 429 ? this.texts.refused : undefined;
  }

  /** Posts what waits, one after the other: the order in which it was written is the order in which it arrives. */
  private async flush(): Promise<void> {
    if (this.posting || this.transport.session === null) return;
    this.posting = true;
    try {
      for (let next = this.thread.next(); next !== undefined; next = this.thread.next()) await this.post(next);
    } catch (error) {
      const wait =
        error instanceof RequestError && error.retryAfterMs > 0 ? error.retryAfterMs : waitBefore(this.attempt++);
      setTimeout(() => void this.flush(), wait);
    } finally {
      this.posting = false;
      this.draw();
    }
  }

  private async post(pending: Pending): Promise<void> {
    try {
      await this.transport.post(pending.clientId, pending.content);
      this.attempt = 0;
      this.thread.update(pending.clientId, { state: 'accepted' });
    } catch (error) {
      const status = error instanceof RequestError ? error.status : 0;
      if (status === 401)
        await this.transport.open(undefined).then((session) => this.memory.write({ token: session.token }));
      // No answer, too many, or the server is not well: the same clientId again, later.
      if (status === 0 || status === 401 || status === 429 || status >= 500) throw error;
      this.thread.update(pending.clientId, { state: 'failed', error: this.reasonOf(error) });
    }
    this.draw();
  }

  private typing(): void {
    if (Date.now() - this.typedAt < TYPING_EVERY_MS) return;
    this.typedAt = Date.now();
    this.feed.send({ type: 'typing' });
  }

  private noteRead(): void {
    const answers = this.thread.list().filter((message) => message.direction === 'outbound');
    const last = answers[answers.length - 1];
    const { readSeq = 0 } = this.memory.read();
    if (last !== undefined && this.view.isReading() && last.seq > readSeq) {
      this.memory.write({ readSeq: last.seq });
      this.feed.send({ type: 'read', messageId: last.id });
      this.view.setUnread(0);
    } else if (!this.view.isOpen()) {
      this.view.setUnread(answers.filter((message) => message.seq > readSeq).length);
    }
  }

  private draw(): void {
    // A file is not remembered, so neither is the message that waits for it.
    this.memory.write({ pending: this.thread.pending().filter((one) => !this.files.has(one.clientId)) });
    this.view.draw(this.thread.list(), this.thread.pending());
  }
}

function identityFrom(dataset: DOMStringMap): Identity | undefined {
  const { identityId, identityName, identityHash } = dataset;
  if (identityId === undefined || identityHash === undefined) return undefined;
  return { id: identityId, hash: identityHash, ...(identityName === undefined ? {} : { name: identityName }) };
}

const script = document.currentScript;
const place =
  script instanceof HTMLScriptElement ? /^(.*\/webchat\/([0-9A-Z]{26}))\/widget\.js/.exec(script.src) : null;
if (script instanceof HTMLScriptElement && place !== null && document.getElementById('huiliu-widget') === null) {
  const [, base, accountId] = place;
  const begin = (): Widget => new Widget(base as string, accountId as string, script.dataset);
  if (document.body === null) addEventListener('DOMContentLoaded', begin);
  else begin();
}
