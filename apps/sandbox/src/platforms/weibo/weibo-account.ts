import { readXml } from '@huiliu/wire';
import { badRequest } from '@huiliu/platform';
import { z } from 'zod';
import type { Happened, Said } from '../control-shapes';
import type { ApiAnswer, ApiCall, PlatformAccount, PlayedAccount, Push, ShownMessage, Signing } from '../platform';
import { json, refusal, write } from './answers';
import { eventOf, messageOf } from './fan-acts';
import { pageOf, shownComment, shownPost } from './posts';
import { type Format, handshakeOf, pushOf } from './pushes';
import { readReply, type Reply } from './replying';
import type { World } from './world';

const Config = z.object({
  appKey: z.string(),
  appSecret: z.string(),
  accessToken: z.string(),
  uid: z.string().regex(/^\d{1,19}$/),
});

const Settings = z.strictObject({
  format: z.enum(['json', 'xml']).optional(),
  /** Of one hour, for all interfaces. */
  callsPerHour: z.number().int().positive().optional(),
  /** Interfaces that the app may not use, by a part of their path. */
  closed: z.array(z.string().min(1)).optional(),
});

const HOUR_MS = 3600_000;
const MAX_COMMENT = 140;
/** By path, without `/biz`: the commercial interfaces are the same under another host. */
const pathOf = (path: string): string =>
  path.replace('/biz.json', '.json').replace('/mentions/other.json', '/mentions.json');

/** One account at Weibo, as the fans service and the interfaces for comments and mentions have it. */
export class WeiboAccount implements PlatformAccount {
  private readonly config: z.infer<typeof Config>;
  private format: Format = 'json';
  private callsPerHour = 50_000;
  private closed: readonly string[] = [];
  private calls = { hour: 0, count: 0 };

  constructor(
    private readonly played: PlayedAccount,
    /** Outlives the account's settings: what was said stays said under a new token. */
    private readonly world: World,
  ) {
    this.config = Config.parse(played.config);
  }

  set(settings: Readonly<Record<string, unknown>>): void {
    const { format, callsPerHour, closed } = Settings.parse(settings);
    this.format = format ?? this.format;
    this.callsPerHour = callsPerHour ?? this.callsPerHour;
    this.closed = closed ?? this.closed;
  }

  owns(call: ApiCall): boolean {
    const file = /^\/media-file\/(\d+)$/.exec(call.path)?.[1];
    if (file !== undefined) return this.world.files.has(file);
    return this.tokenOf(call) === this.config.accessToken;
  }

  call(call: ApiCall): ApiAnswer {
    if (call.path.startsWith('/media-file/')) return this.file(call.path.slice('/media-file/'.length), call);
    const { faults } = this.played;
    const token = this.config.accessToken;
    // A token that has ended stays so: only a person gets another one.
    if (faults.take('token_revoked', call.path) !== null) this.world.endedTokens.add(token);
    if (this.world.endedTokens.has(token)) return refusal(21327, call);
    if (faults.take('busy', call.path) !== null) return refusal(10009, call);
    if (faults.take('rate_limited', call.path) !== null || this.isOverRate()) return refusal(10023, call);
    if (faults.take('banned', call.path) !== null) return refusal(20015, call);
    if (this.closed.some((part) => call.path.includes(part))) return refusal(10014, call);
    const { posts } = this.world;
    switch (`${call.method} ${pathOf(call.path)}`) {
      case 'POST /2/messages/reply.json':
        return this.reply(call);
      case 'POST /2/comments/reply.json':
      case 'POST /2/comments/create.json':
        return this.comment(call);
      case 'GET /2/comments/to_me.json':
        return this.timeline(call, 'comments', posts.commentsToUs(), shownComment);
      case 'GET /2/comments/mentions.json':
        return this.timeline(call, 'comments', posts.commentsNamingUs(), shownComment);
      case 'GET /2/statuses/mentions.json':
        return this.timeline(call, 'statuses', posts.postsNamingUs(), shownPost);
      case 'GET /2/mss/msget':
        return this.download(call);
      case 'POST /oauth2/get_token_info':
        return json(
          write({ uid: BigInt(this.config.uid), appkey: this.config.appKey, scope: null, expire_in: 5_000_000 }),
        );
      default:
        return refusal(10020, call);
    }
  }

  say(said: Said, signing: Signing): Push | null {
    const nowMs = Date.now();
    const fan = this.world.fan(said.customer);
    if (said.kind === 'comment' || said.kind === 'comment_mention' || said.kind === 'mention')
      return this.sayPublicly(said, said.kind, signing, nowMs);
    const fid = said.file === undefined ? null : this.world.keepFile(said.file);
    const pushed = messageOf(said, fid);
    if (said.tamper === undefined) {
      fan.acted(nowMs);
      const text = said.text ?? said.label ?? '';
      const mediaUrl = fid === null ? null : this.urlOf(fid);
      this.world.show({ customer: said.customer, from: 'customer', kind: said.kind, text, mediaUrl, body: null });
    }
    return this.push(fan.uid, pushed, nowMs, signing);
  }

  happen(happened: Happened, signing: Signing): Push {
    const nowMs = Date.now();
    const fan = this.world.fan(happened.customer);
    const { pushed, opens, closes } = eventOf(happened);
    if (happened.tamper === undefined) {
      if (opens) fan.acted(nowMs);
      if (closes) fan.close();
      const text = happened.key ?? '';
      this.world.show({
        customer: happened.customer,
        from: 'customer',
        kind: happened.event,
        text,
        mediaUrl: null,
        body: null,
      });
    }
    return this.push(fan.uid, pushed, nowMs, signing);
  }

  handshake(signing: Signing): { query: string; expected: string } {
    return handshakeOf(this.config.appSecret, signing);
  }

  /** The passive reply: what the answer to a push says goes to its sender. */
  answered(push: Push, answer: string): void {
    const sender = this.world.fanBy(/^\d+/.exec(push.id)?.[0] ?? '');
    const reply = answer.trim() === '' ? null : passiveOf(answer);
    if (sender === undefined || reply === null) return;
    this.showReply(sender.customer, reply);
  }

  shown(customer: string | null): readonly ShownMessage[] {
    const { messages } = this.world;
    return customer === null ? messages : messages.filter((one) => one.customer === customer);
  }

  typing(): boolean {
    return false;
  }

  /** Public words bring no message; a mention is pushed too, and allows one private answer. */
  private sayPublicly(
    said: Said,
    kind: 'comment' | 'comment_mention' | 'mention',
    signing: Signing,
    nowMs: number,
  ): Push | null {
    const { posts, us } = this.world;
    const fan = this.world.fan(said.customer);
    const words = said.text ?? '';
    if (words.trim() === '') throw badRequest('invalid', 'nothing was said');
    const text = kind === 'comment' || posts.names(words) ? words : `${words} @${us.name}`;
    this.world.show({ customer: said.customer, from: 'customer', kind, text, mediaUrl: null, body: null });
    if (kind === 'comment') {
      const under =
        posts.findPost(said.raw?.status === undefined ? null : String(said.raw.status)) ?? this.world.ourPost;
      const answers = this.world.lastAnswerTo(fan, under);
      const { id } = posts.comment(fan, under, text, nowMs, answers);
      return posts.names(text) ? this.pushMention('comment', fan.uid, id, text, nowMs, signing) : null;
    }
    if (kind === 'mention') {
      const { id } = posts.post(fan, text, nowMs);
      return this.pushMention('status', fan.uid, id, text, nowMs, signing);
    }
    const { id } = posts.comment(fan, posts.post(fan, '今天的心情', nowMs), text, nowMs);
    return this.pushMention('comment', fan.uid, id, text, nowMs, signing);
  }

  private pushMention(subtype: string, uid: bigint, key: bigint, text: string, nowMs: number, signing: Signing): Push {
    this.world.fanBy(String(uid))?.mentioned(nowMs);
    return this.push(uid, { type: 'mention', text, data: { subtype, key } }, nowMs, signing);
  }

  private reply(call: ApiCall): ApiAnswer {
    const form = formOf(call);
    const [type, data, receiver] = ['type', 'data', 'receiver_id'].map((name) => form.get(name));
    if (type == null || data == null || receiver == null) return refusal(10016, call);
    if (!['0', '1', null].includes(form.get('save_sender_box'))) return refusal(10008, call);
    const reply = readReply(type, data);
    if (typeof reply === 'number') return refusal(reply, call);
    const fan = this.world.fanBy(receiver);
    if (fan === undefined) return refusal(20003, call);
    const { faults } = this.played;
    if (faults.take('window_closed') !== null) fan.close();
    const denied = fan.spend(Date.now());
    if (denied !== 0) return refusal(denied, call);
    this.showReply(fan.customer, reply);
    const answer = json(write({ result: true, sender_id: BigInt(this.config.uid), receiver_id: fan.uid, type, data }));
    return faults.take('timeout_after_accept') === null ? answer : { ...answer, lost: true };
  }

  private comment(call: ApiCall): ApiAnswer {
    const { posts, us } = this.world;
    const form = formOf(call);
    const [id, text] = [form.get('id'), form.get('comment')];
    if (id === null || text === null) return refusal(10016, call);
    if (text.trim() === '') return refusal(20008, call);
    if (text.length > MAX_COMMENT) return refusal(20012, call);
    const under = posts.findPost(id);
    if (under === undefined) return refusal(20101, call);
    const isReply = pathOf(call.path).endsWith('/reply.json');
    const answered = isReply ? posts.findComment(form.get('cid')) : undefined;
    if (isReply && answered?.under !== under) return refusal(20201, call);
    if (this.world.lastOfOurs === `${id} ${text}`) return refusal(20019, call);
    this.world.lastOfOurs = `${id} ${text}`;
    const made = posts.comment(us, under, text, Date.now(), answered ?? null);
    const customer = this.world.fanBy(String((answered ?? under).by.uid))?.customer ?? '';
    this.world.show({
      customer,
      from: 'account',
      kind: 'comment',
      text,
      mediaUrl: null,
      body: Object.fromEntries(form),
    });
    const answer = json(write(shownComment(made)));
    return this.played.faults.take('timeout_after_accept') === null ? answer : { ...answer, lost: true };
  }

  private timeline<T extends { readonly id: bigint }>(
    call: ApiCall,
    name: string,
    all: readonly T[],
    shown: (one: T) => Record<string, unknown>,
  ): ApiAnswer {
    const page = pageOf(all, call.query);
    if (page === null) return refusal(10008, call);
    return json(write({ [name]: page.map(shown), previous_cursor: 0, next_cursor: 0, total_number: all.length }));
  }

  private download(call: ApiCall): ApiAnswer {
    if (this.played.faults.take('media_expired') !== null) this.world.files.clear();
    return this.file(call.query.get('fid') ?? '', call);
  }

  private file(fid: string, call: ApiCall): ApiAnswer {
    const file = this.world.files.get(fid);
    if (file === undefined) return refusal(10020, call);
    return { status: 200, headers: { 'content-type': file.mime }, body: file.bytes };
  }

  private push(sender: bigint, pushed: Parameters<typeof pushOf>[2], atMs: number, signing: Signing): Push {
    const account = { secret: this.config.appSecret, uid: BigInt(this.config.uid) };
    return pushOf(account, sender, pushed, atMs, this.format, signing);
  }

  private showReply(customer: string, { type, plain, data }: Reply): void {
    this.world.show({ customer, from: 'account', kind: type, text: plain, mediaUrl: null, body: data });
  }

  private tokenOf(call: ApiCall): string | null {
    return call.query.get('access_token') ?? formOf(call).get('access_token');
  }

  private isOverRate(): boolean {
    const hour = Math.floor(Date.now() / HOUR_MS);
    if (this.calls.hour !== hour) this.calls = { hour, count: 0 };
    return ++this.calls.count > this.callsPerHour;
  }

  private urlOf(fid: bigint): string {
    return `${this.played.sandboxUrl()}/sandbox/platform/weibo/media-file/${fid}`;
  }
}

const formOf = (call: ApiCall): URLSearchParams => new URLSearchParams(call.body.toString('utf8'));

/** What the answer to a push says, in either form; null where it says nothing that the platform understands. */
function passiveOf(answer: string): Reply | null {
  try {
    if (answer.trim().startsWith('<')) {
      const { MsgType, Content } = readXml(answer);
      const reply = MsgType === 'text' ? readReply('text', JSON.stringify({ text: Content })) : 0;
      return typeof reply === 'number' ? null : reply;
    }
    const Passive = z.object({ result: z.literal(true), type: z.string(), data: z.string() });
    const { type, data } = Passive.parse(JSON.parse(answer));
    const reply = readReply(type, decodeURIComponent(data));
    return typeof reply === 'number' ? null : reply;
  } catch {
    return null;
  }
}
