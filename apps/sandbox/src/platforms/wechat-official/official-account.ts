import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isEncodingAesKey, parseJson } from '@huiliu/wire';
import type { Happened, Said } from '../control-shapes';
import type { ApiAnswer, ApiCall, PlatformAccount, PlayedAccount, Push, ShownMessage, Signing } from '../platform';
import { json, ok, refusal } from './answers';
import { actOf, messageFields } from './customer-acts';
import { Media, type MediaLimits, type Medium } from '../media';
import { type Format, handshakeOf, type Mode, type PushFields, type PushIdentity, pushOf, sealedPush } from './pushes';
import { readSending } from './sending';
import { tokenRequest } from './token-request';
import { Tokens } from './tokens';
import { CustomerWindows, WINDOWS } from './windows';

const MB = 1024 * 1024;
/** By type: the most bytes, and what a file must be. Source: the platform's page on temporary media. */
const MEDIA: MediaLimits = {
  image: { bytes: 10 * MB, mime: /^image\/(jpeg|png|gif|bmp)$/ },
  voice: { bytes: 2 * MB, mime: /^audio\/(amr|mpeg|mp3|speex)$/ },
  video: { bytes: 10 * MB, mime: /^video\/mp4$/ },
  thumb: { bytes: 64 * 1024, mime: /^image\/jpe?g$/ },
};
const TYPING_MS = 15_000;
const TYPING_AFTER_MS = 30_000;

const Config = z.object({
  appId: z.string(),
  appSecret: z.string().default(''),
  token: z.string(),
  encodingAesKey: z.string().refine(isEncodingAesKey).optional(),
  service: z.string().optional(),
});

const Settings = z.strictObject({
  mode: z.enum(['plain', 'compatible', 'safe']).optional(),
  format: z.enum(['xml', 'json']).optional(),
  tokenSeconds: z.number().positive().optional(),
  forcePauseMs: z.number().nonnegative().optional(),
});

interface Customer {
  readonly name: string;
  readonly windows: CustomerWindows;
  follows: boolean;
  followedAtMs: number;
  lastActMs: number;
  typingUntilMs: number;
}

/** One official account (or mini program) at WeChat. */
export class OfficialAccount implements PlatformAccount {
  private readonly identity: PushIdentity;
  private readonly secret: string;
  private readonly miniProgram: boolean;
  private readonly tokens = new Tokens();
  private readonly media = new Media(MEDIA);
  private readonly customers = new Map<string, Customer>();
  private readonly messages: ShownMessage[] = [];
  private mode: Mode;
  private format: Format = 'xml';
  private nextMsgId: bigint;

  constructor(private readonly played: PlayedAccount) {
    const config = Config.parse(played.config);
    this.secret = config.appSecret;
    this.miniProgram = config.service === 'mini-program';
    this.identity = {
      appId: config.appId,
      userName: `gh_${digest(config.appId).slice(0, 12)}`,
      token: config.token,
      encodingAesKey: config.encodingAesKey ?? null,
    };
    this.mode = config.encodingAesKey === undefined ? 'plain' : 'safe';
    // Beyond 2^53, as the real ones are.
    this.nextMsgId = 23_000_000_000_000_000n + BigInt(Date.now()) * 1000n;
  }

  set(settings: Readonly<Record<string, unknown>>): void {
    const { mode, format, tokenSeconds, forcePauseMs } = Settings.parse(settings);
    if (mode !== undefined && mode !== 'plain' && this.identity.encodingAesKey === null)
      throw new Error('this mode needs an encodingAesKey');
    this.mode = mode ?? this.mode;
    this.format = format ?? this.format;
    if (tokenSeconds !== undefined) this.tokens.lifetimeMs = tokenSeconds * 1000;
    if (forcePauseMs !== undefined) this.tokens.forcePauseMs = forcePauseMs;
  }

  owns(call: ApiCall): boolean {
    if (call.path === '/cgi-bin/stable_token') return tokenRequest(call)?.appid === this.identity.appId;
    const file = /^\/media-file\/([\w-]+)$/.exec(call.path)?.[1];
    if (file !== undefined) return this.media.get(file, Date.now()) !== undefined;
    return this.tokens.knows(call.query.get('access_token') ?? '');
  }

  call(call: ApiCall): ApiAnswer {
    const nowMs = Date.now();
    if (call.path === '/cgi-bin/stable_token') return this.giveToken(call, nowMs);
    if (call.path.startsWith('/media-file/')) return this.file(call.path.slice('/media-file/'.length), nowMs);
    const { faults } = this.played;
    if (faults.take('token_revoked', call.path) !== null) this.tokens.revoke();
    const denied = this.tokens.judge(call.query.get('access_token'), nowMs);
    if (denied !== 0) return refusal(denied);
    if (faults.take('busy', call.path) !== null) return refusal(-1);
    if (faults.take('rate_limited', call.path) !== null) return refusal(45011);
    if (faults.take('banned', call.path) !== null) return refusal(48004);
    switch (`${call.method} ${call.path}`) {
      case 'POST /cgi-bin/message/custom/send':
        return this.send(call, nowMs);
      case 'POST /cgi-bin/message/custom/typing':
        return this.type(call, nowMs);
      case 'POST /cgi-bin/media/upload':
        return this.upload(call, nowMs);
      case 'GET /cgi-bin/media/get':
        return this.download(call, nowMs);
      case 'GET /cgi-bin/user/info':
        return this.info(call);
      default:
        return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'no such interface' };
    }
  }

  say(said: Said, signing: Signing): Push {
    const nowMs = Date.now();
    const customer = this.customer(said.customer);
    const medium = this.mediumOf(said, nowMs);
    const url = medium === null ? null : this.urlOf(medium.id);
    if (said.tamper === undefined) {
      customer.windows.act(WINDOWS.message, nowMs);
      customer.lastActMs = nowMs;
      const text = said.text ?? said.recognition ?? said.label ?? said.title ?? '';
      this.show({ customer: said.customer, from: 'customer', kind: said.kind, text, mediaUrl: url, body: null });
    }
    const thumb = medium?.type === 'video' ? this.thumb(nowMs) : 'THUMB';
    const fields = messageFields(said, medium?.id ?? null, url, thumb);
    return this.push(said.customer, { ...common(nowMs), ...fields, MsgId: this.nextMsgId++ }, signing);
  }

  happen(happened: Happened, signing: Signing): Push {
    const nowMs = Date.now();
    const customer = this.customer(happened.customer);
    const act = actOf(happened);
    if (happened.tamper === undefined) {
      if (act.opens !== null) customer.windows.act(act.opens, nowMs);
      if (act.follows !== null) Object.assign(customer, { follows: act.follows, followedAtMs: nowMs });
      if (act.follows === false) customer.windows.close();
      customer.lastActMs = nowMs;
      const text = happened.key ?? '';
      this.show({
        customer: happened.customer,
        from: 'customer',
        kind: happened.event,
        text,
        mediaUrl: null,
        body: null,
      });
    }
    return this.push(happened.customer, { ...common(nowMs), ...act.fields }, signing);
  }

  seal(inside: string, signing: Signing): Push {
    const openid = this.openidOf('stranger');
    return sealedPush(this.identity, inside, {}, this.mode, this.format, signing, { openid, id: inside.slice(0, 64) });
  }

  handshake(signing: Signing): { query: string; expected: string } {
    return handshakeOf(this.identity, signing);
  }

  shown(customer: string | null): readonly ShownMessage[] {
    return customer === null ? this.messages : this.messages.filter((one) => one.customer === customer);
  }

  typing(customer: string): boolean {
    return (this.customers.get(this.openidOf(customer))?.typingUntilMs ?? 0) > Date.now();
  }

  private giveToken(call: ApiCall, nowMs: number): ApiAnswer {
    const asked = tokenRequest(call);
    if (asked === null) return refusal(47001);
    if (asked.grant_type !== 'client_credential') return refusal(40002);
    if (asked.secret !== this.secret) return refusal(40125);
    const issued = this.tokens.issue(asked.force_refresh, nowMs);
    return 'refused' in issued
      ? refusal(issued.refused)
      : json({ access_token: issued.token, expires_in: issued.expiresIn });
  }

  private send(call: ApiCall, nowMs: number): ApiAnswer {
    const { faults } = this.played;
    const sending = readSending(call.body.toString('utf8'), this.media, nowMs, this.miniProgram);
    if (typeof sending === 'number') return refusal(sending);
    const customer = this.customers.get(sending.touser);
    if (customer === undefined) return refusal(40003);
    if (!this.miniProgram && !customer.follows) return refusal(43004);
    if (faults.take('window_closed') !== null) customer.windows.close();
    const denied = customer.windows.spend(nowMs);
    if (denied !== 0) return refusal(denied);
    customer.typingUntilMs = 0;
    const { body, plain, mediaId } = sending;
    const mediaUrl = mediaId === null ? null : this.urlOf(mediaId);
    this.show({ customer: customer.name, from: 'account', kind: body.msgtype, text: plain, mediaUrl, body });
    return faults.take('timeout_after_accept') === null ? ok() : { ...ok(), lost: true };
  }

  private type(call: ApiCall, nowMs: number): ApiAnswer {
    const Typing = z.object({ touser: z.string(), command: z.enum(['Typing', 'CancelTyping']) });
    const asked = Typing.safeParse(parsed(call));
    if (!asked.success) return refusal(47001);
    const customer = this.customers.get(asked.data.touser);
    if (customer === undefined) return refusal(40003);
    if (nowMs - customer.lastActMs > TYPING_AFTER_MS) return refusal(45080);
    customer.typingUntilMs = asked.data.command === 'Typing' ? nowMs + TYPING_MS : 0;
    return ok();
  }

  private upload(call: ApiCall, nowMs: number): ApiAnswer {
    if (call.file === null) return refusal(41005);
    const type = call.query.get('type') ?? '';
    const medium = this.media.add(type, call.file, nowMs);
    if (typeof medium === 'number') return refusal(medium);
    return json({ type, media_id: medium.id, created_at: Math.floor(nowMs / 1000) });
  }

  private download(call: ApiCall, nowMs: number): ApiAnswer {
    if (this.played.faults.take('media_expired') !== null) this.media.expireAll(nowMs);
    const medium = this.media.get(call.query.get('media_id') ?? '', nowMs);
    if (medium === undefined) return refusal(40007);
    return medium.type === 'video' ? json({ video_url: this.urlOf(medium.id) }) : this.file(medium.id, nowMs);
  }

  private file(id: string, nowMs: number): ApiAnswer {
    const medium = this.media.get(id, nowMs);
    if (medium === undefined) return { status: 404, headers: { 'content-type': 'text/plain' }, body: '' };
    const disposition = `attachment; filename="${medium.name.replace(/[^\w.-]/g, '_')}"`;
    return {
      status: 200,
      headers: { 'content-type': medium.mime, 'content-disposition': disposition },
      body: medium.bytes,
    };
  }

  /** Nickname and picture have not been told since 27 December 2021. */
  private info(call: ApiCall): ApiAnswer {
    const openid = call.query.get('openid') ?? '';
    const customer = this.customers.get(openid);
    if (customer === undefined) return refusal(40003);
    if (!customer.follows) return json({ subscribe: 0, openid });
    return json({
      subscribe: 1,
      openid,
      language: 'zh_CN',
      subscribe_time: Math.floor(customer.followedAtMs / 1000),
      unionid: `u${digest(openid).slice(0, 27)}`,
      remark: '',
      groupid: 0,
      tagid_list: [],
      subscribe_scene: 'ADD_SCENE_QR_CODE',
      qr_scene: 0,
      qr_scene_str: '',
    });
  }

  private push(customer: string, fields: PushFields, signing: Signing): Push {
    return pushOf(this.identity, this.openidOf(customer), fields, this.mode, this.format, signing);
  }

  private mediumOf(said: Said, nowMs: number): Medium | null {
    if (said.file === undefined) return null;
    const { name, mime, data } = said.file;
    const type = said.kind === 'shortvideo' ? 'video' : said.kind;
    return this.media.keep(type, { name, mime, bytes: Buffer.from(data, 'base64') }, nowMs);
  }

  private thumb(nowMs: number): string {
    return this.media.keep('thumb', { name: 'thumb.jpg', mime: 'image/jpeg', bytes: Buffer.alloc(10) }, nowMs).id;
  }

  private customer(name: string): Customer {
    const openid = this.openidOf(name);
    const known = this.customers.get(openid);
    if (known !== undefined) return known;
    const nowMs = Date.now();
    const fresh = { name, windows: new CustomerWindows(), follows: true, followedAtMs: nowMs, lastActMs: nowMs };
    const customer = { ...fresh, typingUntilMs: 0 };
    this.customers.set(openid, customer);
    return customer;
  }

  private show(message: Omit<ShownMessage, 'at'>): void {
    this.messages.push({ ...message, at: new Date().toISOString() });
    if (this.messages.length > 20_000) this.messages.shift();
  }

  private openidOf(customer: string): string {
    return `o${digest(`${this.identity.appId} ${customer}`).slice(0, 27)}`;
  }

  private urlOf(mediaId: string): string {
    return `${this.played.sandboxUrl()}/sandbox/platform/wechat-official/media-file/${mediaId}`;
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
const common = (nowMs: number): PushFields => ({ CreateTime: Math.floor(nowMs / 1000) });

function parsed(call: ApiCall): unknown {
  try {
    return parseJson(call.body.toString('utf8'));
  } catch {
    return null;
  }
}
