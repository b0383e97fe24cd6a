import { setTimeout as wait } from 'node:timers/promises';
import { type AccountContext, ConnectorError, type Pulled } from '@huiliu/connector-kit';
import type { WecomClient } from './client';
import type { definition, WecomKfConfig } from './definition';
import { isListed } from './errors';
import { welcomeIdOf } from './ids';
import { type Inbound, saidBy, type Receipt, type Welcome, welcomed } from './inbound';
import { type Item, itemOf, ORIGIN, Page } from './items';
import type { Profiles } from './profiles';

type Context = AccountContext<WecomKfConfig, typeof definition>;

const SYNC = '/cgi-bin/kf/sync_msg';
const ON_EVENT = '/cgi-bin/kf/send_msg_on_event';
const LIMIT = 1000;
const AMR = 0;
/** A callback's token is good for ten minutes. */
const TOKEN_MS = 590_000;
/** A welcome code is good for 20 s; a call takes its time. */
const WELCOME_MS = 19_000;

/**
 * Reads an account's messages page by page. The kit keeps the cursor, and moves it only when what the page held is durable; what is read
 * twice is known by its `msgid`.
 */
export class Puller {
  private token: { readonly value: string; readonly untilMs: number } | null = null;
  private restUntilMs = 0;

  constructor(
    private readonly client: WecomClient,
    private readonly profiles: Profiles,
    private readonly context: Context,
  ) {}

  async pull(cursor: string | null, hint: string | null, signal: AbortSignal): Promise<Pulled<typeof definition>> {
    if (hint !== null && hint !== this.token?.value) this.token = { value: hint, untilMs: this.nowMs() + TOKEN_MS };
    // A callback must not break the rest that the platform asked for.
    if (this.restUntilMs > this.nowMs()) await wait(this.restUntilMs - this.nowMs(), undefined, { signal });
    const page = await this.page(cursor ?? '', signal);
    const items = page.msg_list.flatMap((given) => itemOf(given) ?? []).filter((item) => this.isOurs(item));
    const { events, receipts } = await this.read(items, signal);
    const next = page.next_cursor ?? cursor ?? '';
    // An empty page may say that more waits: then the cursor has moved. One that has not would be read for ever.
    const more = page.has_more === 1 && next !== (cursor ?? '');
    return { events, receipts, cursor: next, more };
  }

  /** Where the token is refused, without it; where the cursor is, from the first message that is kept (three days): none is lost, none doubled. */
  private async page(cursor: string, signal: AbortSignal): Promise<Page> {
    if (this.token !== null && this.token.untilMs <= this.nowMs()) this.token = null;
    const token = this.token?.value;
    try {
      return await this.sync(cursor, token, signal);
    } catch (error) {
      if (!isUnexplained(error)) throw error;
      if (token !== undefined) {
        this.token = null;
        return this.page(cursor, signal);
      }
      if (cursor === '') throw error;
      this.context.logger.warn({ accountId: this.context.account.id }, 'a cursor was refused: reading from the start');
      return this.sync('', undefined, signal);
    }
  }

  private async sync(cursor: string, token: string | undefined, signal: AbortSignal): Promise<Page> {
    const { openKfId } = this.context.account.config;
    const asked = { cursor, ...(token === undefined ? {} : { token }), limit: LIMIT, voice_format: AMR };
    try {
      return Page.parse(await this.client.ask(SYNC, { ...asked, open_kfid: openKfId }, signal));
    } catch (error) {
      if (error instanceof ConnectorError) {
        if (error.kind === 'rate_limited') this.restUntilMs = this.nowMs() + (error.retryAfterMs ?? 0);
        throw error;
      }
      throw new ConnectorError('transient', 'no_page', '企业微信的消息列表无法识别');
    }
  }

  private async read(items: readonly Item[], signal: AbortSignal): Promise<{ events: Inbound[]; receipts: Receipt[] }> {
    await this.profiles.learn(
      items.flatMap(({ customer }) => customer ?? []),
      signal,
    );
    const echoes = await this.echoesAmong(items);
    const events: Inbound[] = [];
    const receipts: Receipt[] = [];
    for (const item of items) {
      if (echoes.has(item.msgid)) continue;
      const { event, receipt, welcome } = saidBy(item, this.context.clock.now(), (id) => this.profiles.of(id));
      if (event !== null) events.push(event);
      if (receipt !== null) receipts.push(receipt);
      const sent = welcome === null ? null : await this.welcome(welcome, signal);
      if (sent !== null) events.push(sent);
    }
    return { events, receipts };
  }

  /** The platform says that it does not tell what we sent; if it does, it is left out. */
  private async echoesAmong(items: readonly Item[]): Promise<ReadonlySet<string>> {
    const ids = items.filter(({ origin }) => origin === ORIGIN.servicer).map(({ msgid }) => msgid);
    return ids.length === 0 ? new Set() : this.context.sentByUs(ids);
  }

  /** Greets a customer who has just come in, where a text is set. A code is good once and for 20 s; one that is refused was used or is over. */
  private async welcome(welcome: Welcome, signal: AbortSignal): Promise<Inbound | null> {
    const { welcomeText: content } = this.context.account.config;
    if (content === undefined || this.nowMs() - welcome.sentAtMs > WELCOME_MS) return null;
    const id = welcomeIdOf(welcome.event);
    try {
      const body = { code: welcome.code, msgid: id, msgtype: 'text', text: { content } };
      await this.client.act(ON_EVENT, body, signal);
      return welcomed(welcome, id, content, this.profiles.of(welcome.customer), this.context.clock.now());
    } catch (error) {
      const code = error instanceof ConnectorError ? error.code : 'unexpected';
      this.context.logger.warn({ accountId: this.context.account.id, code }, 'a welcome was not sent');
      return null;
    }
  }

  /** Without `open_kfid` an account of old gets what is another's as well. */
  private isOurs({ openKfId }: Item): boolean {
    return openKfId === null || openKfId === this.context.account.config.openKfId;
  }

  private nowMs(): number {
    return this.context.clock.now().getTime();
  }
}

/** A refusal with a code that is not listed: the codes of a bad token and a bad cursor are not known. */
function isUnexplained(error: unknown): boolean {
  return (
    error instanceof ConnectorError && error.kind === 'rejected' && !isListed(error.code) && /^\d+$/.test(error.code)
  );
}
