import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { FileBoxInterface } from 'file-box';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import type { Happened, Said } from '../control-shapes';
import type { ApiAnswer, ApiCall, Connection, PlatformAccount, PlayedAccount, Push, ShownMessage } from '../platform';
import type { Delivery } from '../delivery';
import { type Hosted, hostPuppet, KINDS, SCAN } from './puppet-host';

const MOST_SHOWN = 20_000;

const Config = z.object({ token: z.string(), endpoint: z.string() });

interface Meant {
  readonly type: number;
  readonly text: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly contactId?: string;
}

interface Kept {
  readonly file: { readonly name: string; readonly mime: string; readonly bytes: Buffer } | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly contactId?: string;
  readonly shown: ShownMessage | null;
}

/** One personal WeChat, its phone and its friends, behind a puppet service of its own. */
export class PersonalAccount implements PlatformAccount {
  readonly connection: Connection = {
    say: (said) => this.saidByCustomer(said),
    happen: (happened) => this.happened(happened),
    handshake: () => this.scanAndLogIn(),
    stop: () => this.stop(),
  };
  private readonly logger = new Logger('PersonalAccount');
  private readonly messages: (ShownMessage & { recalled?: true })[] = [];
  private readonly kept = new Map<string, Kept>();
  private readonly last = new Map<string, string>();
  private readonly people = new Set<string>();
  private readonly rooms = new Map<string, Set<string>>();
  private readonly gone = new Set<string>();
  private readonly me: { id: string; name: string };
  private readonly hosted: Promise<Hosted | null>;
  private live: Hosted | null = null;
  private heldBack: string | null = null;
  private n = 0;

  constructor(private readonly played: PlayedAccount) {
    const { token, endpoint } = Config.parse(played.config);
    const port = Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));
    this.me = { id: `wxid_${digest(played.id)}`, name: played.name };
    this.hosted = hostPuppet(
      { port, token, me: this.me },
      {
        sends: (conversation, what) => this.sentByAccount(conversation, what),
        recalls: (id) => this.recall(id),
        detail: (id) => this.kept.get(id)?.detail ?? {},
        contactIn: (id) => this.kept.get(id)?.contactId ?? '',
        gone: (id) => this.gone.has(id),
      },
    ).then(
      (hosted) => (this.live = hosted),
      (error: unknown) => {
        this.logger.warn({ err: error, port }, 'a personal WeChat cannot be played');
        return null;
      },
    );
  }

  // Everything goes over the puppet's connection; by HTTP there are only the files that the page shows.
  owns(call: ApiCall): boolean {
    return this.kept.has(call.path.slice('/file/'.length));
  }

  call(call: ApiCall): ApiAnswer {
    const file = this.kept.get(call.path.slice('/file/'.length))?.file ?? null;
    if (file === null) return { status: 404, headers: { 'content-type': 'text/plain' }, body: '' };
    return {
      status: 200,
      headers: { 'content-type': file.mime, 'content-disposition': 'attachment' },
      body: file.bytes,
    };
  }

  say(): Push {
    throw new Error('nothing is pushed by HTTP');
  }

  happen(): Push {
    throw new Error('nothing is pushed by HTTP');
  }

  handshake(): { query: string; expected: string } {
    throw new Error('there is no handshake by HTTP');
  }

  set(settings: Readonly<Record<string, unknown>>): void {
    z.strictObject({}).parse(settings);
  }

  shown(customer: string | null): readonly ShownMessage[] {
    return customer === null ? this.messages : this.messages.filter((one) => one.customer === customer);
  }

  typing(): boolean {
    return false;
  }

  private async stop(): Promise<void> {
    await (await this.hosted)?.stop();
  }

  /** As a person does it: the code is shown, scanned, confirmed, and the phone is logged in. */
  private async scanAndLogIn(): Promise<{ ok: boolean; status: number; answer: string }> {
    const hosted = await this.hosted;
    if (hosted === null || !hosted.connected()) return { ok: false, status: 0, answer: 'nobody listens' };
    if (!hosted.loggedIn()) {
      for (const status of [SCAN.waiting, SCAN.scanned, SCAN.confirmed]) hosted.mocker.scan(this.code(), status);
      hosted.logIn();
    }
    return { ok: true, status: 200, answer: 'logged in' };
  }

  private code(): string {
    return `https://login.weixin.qq.com/l/${digest(`${this.played.id} ${++this.n}`)}==`;
  }

  private async saidByCustomer(said: Said): Promise<Delivery[]> {
    const hosted = await this.hosted;
    if (hosted === null || !hosted.connected() || !hosted.loggedIn()) return [delivery('', false)];
    const { faults } = this.played;
    const id = this.put(hosted, said);
    if (faults.take('reorder') !== null) {
      this.heldBack = id;
      return [];
    }
    const ids = [id, ...(faults.take('duplicate') === null ? [] : [id])];
    const all = [...ids, ...(this.heldBack === null ? [] : [this.heldBack])];
    this.heldBack = null;
    if (faults.take('media_expired') !== null) this.gone.add(id);
    for (const one of all) hosted.tell(one);
    return all.map((one) => delivery(one, true));
  }

  /** Puts a message onto the phone without telling of it. Answers its id. */
  private put(hosted: Hosted, said: Said): string {
    const raw = said.raw ?? {};
    const customer = this.person(hosted, said.customer);
    const byMe = raw['phone'] !== undefined;
    const room = raw['room'] === undefined ? null : this.room(hosted, String(raw['room']), customer);
    const id = this.newId();
    const { type, text, ...more } = this.meant(hosted, said);
    const file =
      said.file === undefined
        ? null
        : { name: said.file.name, mime: said.file.mime, bytes: Buffer.from(said.file.data, 'base64') };
    const talkerId = byMe ? this.me.id : customer;
    const to = room !== null ? { roomId: room } : { listenerId: byMe ? customer : this.me.id };
    const words = said.text ?? said.label ?? said.title ?? '';
    const shown: ShownMessage = {
      customer: said.customer,
      from: byMe ? 'account' : 'customer',
      at: new Date().toISOString(),
      kind: said.kind === 'raw' ? String(raw['type'] ?? 'raw') : said.kind,
      text: words,
      mediaUrl: file === null ? null : this.urlOf(id),
      body: null,
    };
    this.show(shown);
    this.kept.set(id, { file, shown, ...more });
    if (!byMe) this.last.set(said.customer, id);
    hosted.put({ id, type, text, talkerId, timestamp: Date.now(), ...to }, file ?? undefined);
    return id;
  }

  private meant(hosted: Hosted, said: Said): Meant {
    const { kind, raw = {}, text = '', title = '', description = '', url = '' } = said;
    const name = kind === 'raw' ? String(raw['type'] ?? '') : kind === 'shortvideo' ? 'video' : kind;
    const type = (KINDS as Readonly<Record<string, number>>)[name] ?? KINDS.unheardOf;
    const { latitude = 0, longitude = 0, label = '' } = said;
    switch (name) {
      case 'location':
        return { type, text: '', detail: { latitude, longitude, name: label, address: label } };
      case 'link':
        return { type, text: '', detail: { title, description, url } };
      case 'miniprogram':
        return { type, text: '', detail: { title, description, appid: 'wxminiprogram00001', pagePath: url } };
      case 'contact':
        return { type, text: '', detail: {}, contactId: this.person(hosted, title || 'somebody') };
      default:
        return { type, text, detail: {} };
    }
  }

  private async happened({ customer, event }: Happened): Promise<Delivery[]> {
    const hosted = await this.hosted;
    if (hosted === null || !hosted.connected()) return [delivery('', false)];
    switch (event) {
      case 'login':
        return [delivery('', (await this.scanAndLogIn()).ok)];
      case 'scan':
        hosted.mocker.scan(this.code(), SCAN.waiting);
        return [delivery('', true)];
      case 'logout':
        await hosted.logOut();
        hosted.mocker.scan(this.code(), SCAN.waiting);
        return [delivery('', true)];
      case 'recall': {
        const id = this.last.get(customer);
        if (id === undefined) return [delivery('', false)];
        this.takeBack(id);
        const recall = { id: this.newId(), type: KINDS.recalled, text: id, talkerId: this.person(hosted, customer) };
        hosted.put({ ...recall, listenerId: this.me.id, timestamp: Date.now() });
        hosted.tell(recall.id);
        return [delivery(recall.id, true)];
      }
      default: {
        // What nobody has heard of: a message of a kind without a name.
        const id = this.newId();
        const talkerId = this.person(hosted, customer);
        hosted.put({ id, type: KINDS.unheardOf, text: event, talkerId, listenerId: this.me.id, timestamp: Date.now() });
        hosted.tell(id);
        return [delivery(id, true)];
      }
    }
  }

  private async sentByAccount(
    conversation: string,
    what: { readonly text: string } | { readonly file: FileBoxInterface },
  ): Promise<string> {
    const hosted = this.live;
    if (hosted === null || !hosted.loggedIn()) throw new Error('not logged in');
    const { faults } = this.played;
    if (faults.take('banned') !== null) throw Object.assign(new Error('not friends any more'), { code: 7 });
    if (faults.take('rate_limited') !== null) throw Object.assign(new Error('too often'), { code: 8 });
    const customer = this.customerOf(conversation);
    if (customer === null) throw Object.assign(new Error('no such contact'), { code: 5 });
    const id = this.newId();
    const file = 'file' in what ? await fileOf(what.file) : null;
    const kind = file === null ? 'text' : kindOf(file.mime);
    const text = 'text' in what ? what.text : '';
    const mediaUrl = file === null ? null : this.urlOf(id);
    const shown: ShownMessage = {
      customer,
      from: 'account',
      at: new Date().toISOString(),
      kind,
      text,
      mediaUrl,
      body: file === null ? text : file.name,
    };
    this.show(shown);
    this.kept.set(id, { file, detail: {}, shown });
    const to = conversation.includes('@') ? { roomId: conversation } : { listenerId: conversation };
    // It is on its way, and whoever sent it is never told, nor shown it.
    if (faults.take('timeout_after_accept') !== null) return new Promise(() => undefined);
    hosted.put({ id, type: KINDS[kind], text, talkerId: this.me.id, timestamp: Date.now(), ...to }, file ?? undefined);
    hosted.tell(id);
    return id;
  }

  private recall(id: string): boolean {
    if (this.kept.get(id)?.shown?.from !== 'account') return false;
    this.takeBack(id);
    return true;
  }

  private takeBack(id: string): void {
    const shown = this.kept.get(id)?.shown;
    const at = this.messages.findIndex((one) => one === shown);
    const found = this.messages[at];
    if (found !== undefined) this.messages[at] = { ...found, kind: 'recalled', text: '', mediaUrl: null };
  }

  private person(hosted: Hosted, name: string): string {
    const id = `wxid_${name}`;
    if (!this.people.has(id)) {
      this.people.add(id);
      hosted.mocker.createContact({ id, name, alias: '', type: 1 });
    }
    return id;
  }

  private room(hosted: Hosted, topic: string, member: string): string {
    const id = `${digest(topic)}@chatroom`;
    const members = this.rooms.get(id) ?? new Set([this.me.id]);
    if (!this.rooms.has(id)) {
      this.rooms.set(id, members);
      hosted.mocker.createRoom({ id, topic, memberIdList: [...members] });
    }
    members.add(member);
    return id;
  }

  /** Who is shown what goes to a conversation; in a group whoever joined it first. */
  private customerOf(conversation: string): string | null {
    const person = this.rooms.has(conversation) ? [...(this.rooms.get(conversation) ?? [])][1] : conversation;
    return person !== undefined && this.people.has(person) ? person.slice('wxid_'.length) : null;
  }

  private show(message: ShownMessage): void {
    this.messages.push(message);
    if (this.messages.length > MOST_SHOWN) this.messages.shift();
  }

  /** Beyond 2^53, as the real ones are, and never given twice. */
  private newId(): string {
    return String(7_000_000_000_000_000_000n + BigInt(Date.now()) * 100_000n + BigInt(this.n++ % 100_000));
  }

  private urlOf(id: string): string {
    return `${this.played.sandboxUrl()}/sandbox/platform/wechaty/file/${id}`;
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

const delivery = (id: string, taken: boolean): Delivery => ({
  id,
  taken,
  tries: 1,
  status: taken ? 200 : null,
  answer: '',
  tookMs: 0,
});

async function fileOf(box: FileBoxInterface): Promise<{ name: string; mime: string; bytes: Buffer }> {
  const bytes = await buffer((await box.toStream()) as AsyncIterable<Buffer>);
  return { name: box.name, mime: box.mediaType ?? 'application/octet-stream', bytes };
}

function kindOf(mime: string): 'image' | 'voice' | 'video' | 'file' {
  const [family] = mime.split('/');
  if (family === 'image' || family === 'video') return family;
  return family === 'audio' ? 'voice' : 'file';
}
