import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { isEncodingAesKey } from '@huiliu/wire';
import type { Happened, Said } from '../control-shapes';
import { Media, type MediaLimits } from '../media';
import type { ApiAnswer, ApiCall, PlatformAccount, PlayedAccount, Push, ShownMessage, Signing } from '../platform';
import { refusal } from './answers';
import type { ApiAccount } from './api-account';
import { type CallbackIdentity, callbackOf, handshakeOf } from './callbacks';
import { type ItemFields, messageFields, SERVICER, sessionChange } from './customer-acts';
import { Customer } from './customers';
import { type Entry, Journal, type Place } from './journal';
import { KfApi } from './kf-api';
import { MessageList } from './message-list';
import { Tokens } from './tokens';

const MB = 1024 * 1024;
/** Source: the platform's page on temporary media. Everything is larger than 5 bytes. */
const MEDIA: MediaLimits = {
  image: { bytes: 10 * MB, fewest: 6, mime: /^image\/(jpeg|png)$/ },
  voice: { bytes: 2 * MB, fewest: 6, mime: /^audio\/amr$/ },
  video: { bytes: 10 * MB, fewest: 6, mime: /^video\/mp4$/ },
  file: { bytes: 20 * MB, fewest: 6, mime: /./ },
};
const CODE_MS = 20_000;
const TWO_DAYS = 48 * 3600_000;
const ORIGIN = { customer: 3, system: 4, servicer: 5 };

const Config = z.object({
  corpId: z.string(),
  secret: z.string(),
  token: z.string(),
  encodingAesKey: z.string().refine(isEncodingAesKey),
  openKfId: z.string(),
});

const Settings = z.strictObject({
  tokenSeconds: z.number().positive().optional(),
  forcePauseMs: z.number().nonnegative().optional(),
  tokensAMinute: z.number().int().nonnegative().optional(),
  syncTokenSeconds: z.number().positive().optional(),
  untokenedAMinute: z.number().int().nonnegative().optional(),
  pageSize: z.number().int().positive().optional(),
  emptyPages: z.number().int().nonnegative().optional(),
  /** What a session begins in: 0 with the interface, 2 in the pool, 3 with a servicer. */
  firstState: z.number().int().min(0).max(3).optional(),
});

/** One customer-service account of a corp at WeCom. What customers wrote outlives this process. */
export class KfAccount implements PlatformAccount, ApiAccount {
  readonly tokens = new Tokens();
  readonly media = new Media(MEDIA);
  readonly list: MessageList;
  readonly identity: CallbackIdentity;
  readonly secret: string;
  readonly codes = new Map<string, { readonly customer: Customer; readonly untilMs: number }>();
  readonly sentIds = new Set<string>();
  readonly servicers = new Map([
    [SERVICER, true],
    ['lisi', false],
  ]);
  private readonly customers = new Map<string, Customer>();
  private messages: ShownMessage[] = [];
  private readonly shownById = new Map<string, ShownMessage>();
  private readonly journal: Journal;
  private readonly api: KfApi;
  private firstState = 0;

  constructor(readonly played: PlayedAccount) {
    const { secret, ...identity } = Config.parse(played.config);
    this.secret = secret;
    this.identity = identity;
    this.journal = new Journal(played.folder);
    this.list = new MessageList(this.journal);
    for (const { entry, place } of this.journal.read()) this.apply(entry, place);
    this.api = new KfApi(this);
  }

  set(settings: Readonly<Record<string, unknown>>): void {
    const given = Settings.parse(settings);
    if (given.tokenSeconds !== undefined) this.tokens.lifetimeMs = given.tokenSeconds * 1000;
    this.tokens.pauseMs = given.forcePauseMs ?? this.tokens.pauseMs;
    this.tokens.askedAMinute = given.tokensAMinute ?? this.tokens.askedAMinute;
    if (given.syncTokenSeconds !== undefined) this.list.tokenMs = given.syncTokenSeconds * 1000;
    this.list.untokenedAMinute = given.untokenedAMinute ?? this.list.untokenedAMinute;
    this.list.pageSize = given.pageSize ?? this.list.pageSize;
    this.list.emptyPages = given.emptyPages ?? this.list.emptyPages;
    this.firstState = given.firstState ?? this.firstState;
  }

  owns(call: ApiCall): boolean {
    if (call.path === '/cgi-bin/gettoken') return call.query.get('corpid') === this.identity.corpId;
    const file = /^\/media-file\/([\w-]+)$/.exec(call.path)?.[1];
    if (file !== undefined) return this.media.get(file, Date.now()) !== undefined;
    return this.tokens.knows(call.query.get('access_token') ?? '');
  }

  call(call: ApiCall): ApiAnswer {
    return this.api.call(call, Date.now());
  }

  say(said: Said, signing: Signing): Push {
    const nowMs = Date.now();
    // A forger has no message at the platform.
    if (said.tamper === undefined) {
      const file = said.file;
      const type = said.kind === 'shortvideo' ? 'video' : said.kind;
      const bytes = file === undefined ? null : Buffer.from(file.data, 'base64');
      const medium =
        file === undefined || bytes === null
          ? null
          : this.media.keep(type, { name: file.name, mime: file.mime, bytes }, nowMs);
      const fields = { ...messageFields(said, medium?.id ?? null), ...said.raw, ...said.json };
      this.add(this.customer(said.customer), fields, ORIGIN.customer, nowMs);
    }
    return this.callback(signing, nowMs);
  }

  happen(happened: Happened, signing: Signing): Push {
    const nowMs = Date.now();
    if (happened.tamper === undefined) this.act(this.customer(happened.customer), happened, nowMs);
    return this.callback(signing, nowMs);
  }

  handshake(signing: Signing): { query: string; expected: string } {
    return handshakeOf(this.identity, signing);
  }

  shown(customer: string | null): readonly ShownMessage[] {
    return customer === null ? this.messages : this.messages.filter((one) => one.customer === customer);
  }

  typing(): boolean {
    return false;
  }

  about(customer: string): { serviceState: number; servicer: string | null } {
    const { state, servicer } = this.customer(customer);
    return { serviceState: state, servicer };
  }

  find(externalUserId: string): Customer | undefined {
    return this.customers.get(externalUserId);
  }

  urlOf(mediaId: string): string {
    return `${this.played.sandboxUrl()}/sandbox/platform/wecom-kf/media-file/${mediaId}`;
  }

  /** A new code for this customer's event. */
  newCode(customer: Customer, nowMs: number): string {
    const code = `CODE${randomBytes(24).toString('base64url')}`;
    this.codes.set(code, { customer, untilMs: nowMs + CODE_MS });
    return code;
  }

  record(entry: Entry): void {
    this.apply(entry, this.journal.add(entry));
  }

  setState(customer: Customer, state: number, servicer: string | null): void {
    this.record({ type: 'state', customer: customer.name, state, servicer });
  }

  private callback(signing: Signing, nowMs: number): Push {
    return callbackOf(this.identity, this.list.newToken(nowMs), signing);
  }

  /** Things that happen by name; anything else is listed under its own name, as events are that nobody has heard of. */
  private act(customer: Customer, { event, key = '', raw }: Happened, nowMs: number): void {
    const { openKfId: open_kfid } = this.identity;
    const happen = (said: ItemFields): void => {
      const whole = { open_kfid, external_userid: customer.id, ...said, ...raw };
      this.add(customer, { msgtype: 'event', event: whole }, ORIGIN.system, nowMs);
    };
    switch (event) {
      case 'enter_session': {
        const greeted = nowMs - customer.enteredAtMs > TWO_DAYS ? { welcome_code: this.newCode(customer, nowMs) } : {};
        customer.enteredAtMs = nowMs;
        return happen({ event_type: event, scene: key, scene_param: '', ...greeted });
      }
      case 'recall':
        return happen({ event_type: 'user_recall_msg', recall_msgid: key || customer.lastMsgId });
      case 'servicer_answers': {
        // Whoever has the session; who answers one that nobody has takes it.
        const servicer_userid = customer.servicer ?? SERVICER;
        this.setState(customer, 3, servicer_userid);
        return this.add(customer, { msgtype: 'text', text: { content: key }, servicer_userid }, ORIGIN.servicer, nowMs);
      }
      case 'servicer_recalls':
        return happen({ event_type: 'servicer_recall_msg', recall_msgid: key, servicer_userid: SERVICER });
      case 'servicer_takes':
        this.setState(customer, 3, SERVICER);
        return happen(sessionChange(1, SERVICER));
      case 'session_ends':
        this.setState(customer, 4, null);
        return happen(sessionChange(3, SERVICER));
      case 'send_fails':
        return happen({
          event_type: 'msg_send_fail',
          fail_msgid: [...this.sentIds].at(-1) ?? '',
          fail_type: Number(key),
        });
      case 'servicer_status':
        // 1 receives, 2 has stopped.
        this.servicers.set(SERVICER, key !== '2');
        return this.add(
          customer,
          {
            msgtype: 'event',
            event: {
              event_type: 'servicer_status_change',
              servicer_userid: SERVICER,
              status: key === '2' ? 2 : 1,
              open_kfid,
            },
          },
          ORIGIN.system,
          nowMs,
        );
      default:
        return happen({ event_type: event, key });
    }
  }

  private add(customer: Customer, fields: ItemFields, origin: number, nowMs: number): void {
    const msgid = randomBytes(24).toString('base64url');
    const send_time = Math.floor(nowMs / 1000);
    const isEvent = fields.msgtype === 'event';
    const whose = isEvent ? {} : { open_kfid: this.identity.openKfId, external_userid: customer.id };
    const item = { msgid, ...whose, send_time, origin, ...fields };
    if (origin === ORIGIN.customer && customer.state === 4) this.setState(customer, this.firstState, null);
    this.record({ type: 'item', customer: customer.name, item });
  }

  private apply(entry: Entry, place: Place): void {
    const customer = this.customer(entry.customer);
    switch (entry.type) {
      case 'item': {
        const { item } = entry;
        const sentAtMs = Number(item.send_time) * 1000;
        this.list.add(place, sentAtMs);
        if (item.origin === ORIGIN.customer) customer.wrote(String(item.msgid), sentAtMs);
        this.show(
          String(item.msgid),
          shownOf(customer.name, item, (mediaId) => this.urlOf(mediaId)),
        );
        // What was recalled, or did not arrive, is on no screen.
        this.hide(item);
        return;
      }
      case 'state':
        customer.state = entry.state;
        customer.servicer = entry.servicer;
        return;
      case 'sent': {
        const { atMs, kind, text, mediaUrl, body, msgid, counts } = entry;
        this.sentIds.add(msgid);
        if (counts) customer.answered();
        const at = new Date(atMs).toISOString();
        this.show(msgid, { customer: customer.name, from: 'account', at, kind, text, mediaUrl, body });
      }
    }
  }

  private show(msgid: string, message: ShownMessage): void {
    this.messages.push(message);
    this.shownById.set(msgid, message);
    if (this.messages.length > 20_000) this.messages.shift();
    if (this.shownById.size > 20_000) this.shownById.delete(this.shownById.keys().next().value as string);
  }

  private hide(item: ItemFields): void {
    const { recall_msgid, fail_msgid } = (item.event ?? {}) as ItemFields;
    const gone = this.shownById.get(String(recall_msgid ?? fail_msgid));
    if (gone !== undefined) this.messages = this.messages.filter((message) => message !== gone);
  }

  private customer(name: string): Customer {
    const id = `wm${createHash('sha256').update(`${this.identity.corpId} ${name}`).digest('base64url').slice(0, 30)}`;
    const known = this.customers.get(id);
    if (known !== undefined) return known;
    const customer = new Customer(name, id);
    this.customers.set(id, customer);
    return customer;
  }
}

/** An entry of the list as the customer's screen has it. */
function shownOf(customer: string, item: ItemFields, urlOf: (mediaId: string) => string): ShownMessage {
  const type = typeof item.msgtype === 'string' ? item.msgtype : 'raw';
  const said = (item[type] ?? {}) as ItemFields;
  const text = [said.content, said.name, said.title].find((one) => typeof one === 'string') ?? '';
  return {
    customer,
    from: item.origin === ORIGIN.servicer ? 'account' : 'customer',
    at: new Date(Number(item.send_time) * 1000).toISOString(),
    kind: type === 'event' ? String(said.event_type) : type,
    text,
    mediaUrl: typeof said.media_id === 'string' ? urlOf(said.media_id) : null,
    body: null,
  };
}

/** Told to somebody whose account is not here. */
export function stranger(call: ApiCall): ApiAnswer {
  if (call.path === '/cgi-bin/gettoken') return refusal(40013);
  return refusal(call.query.get('access_token') ? 40014 : 41001);
}
