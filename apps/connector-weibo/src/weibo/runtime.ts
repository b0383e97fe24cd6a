import { Readable } from 'node:stream';
import {
  type AccountContext,
  ConnectorError,
  defineConnector,
  type Pulled,
  type WebhookOutcome,
} from '@huiliu/connector-kit';
import { WeiboClient } from './client';
import { definition, type WeiboConfig } from './definition';
import type { PushFields } from './fields';
import { commentId, passiveId, type RemoteMessageId } from './ids';
import { eventsOf } from './inbound';
import { fileName } from './media';
import { encoders, type WeiboRequest } from './outbound';
import { passiveText, TAKEN } from './passive';
import { prove } from './push';
import { Readings } from './readings';
import { timeOf } from './signature';

type Context = AccountContext<WeiboConfig, typeof definition>;

/** A failure that the next reading may mend is not shown at once. */
const SHOWN_AFTER = 3;
const DAY_S = 24 * 3600;
const WARN_S = 3 * DAY_S;
/** Events after which the welcome is said. */
const WELCOMED: ReadonlySet<string> = new Set(['follow', 'subscribe', 'scan_follow']);

/** The fans service as the kit runs it: pushes for private messages, polling for comments and mentions. */
export const weiboConnector = defineConnector({
  definition,
  encoders,
  open: (context) => {
    const { config } = context.account;
    const client = new WeiboClient(config, context.fetch);
    const reader = new PublicReader(client, context);
    return {
      start: async () => context.report('ok'),
      handleWebhook: async (request) => {
        const { timestamp, nonce, signature, signed, said } = prove(config.appSecret, request);
        const call = { timestamp, timestampMs: timeOf(timestamp), nonce, signature, body: signed };
        const came = await context.admit(call);
        if (typeof said === 'string')
          return { events: [], response: { contentType: 'text/plain; charset=utf-8', body: said } };
        const events = eventsOf(said, request.receivedAt);
        // Only in the first answer: a repeat may mean that the first one arrived after all, and nobody is welcomed twice.
        const welcome = came === 'first' && isWelcomed(said) ? welcomeOf(events, said, context) : null;
        if (welcome !== null) return welcome;
        // What was said in public is read at once, not only when its time comes.
        return { events, response: TAKEN, ...(said.type === 'mention' ? { pull: { hint: null } } : {}) };
      },
      send: async (request: WeiboRequest, _part, signal) => {
        const id = await client.send(request, signal);
        return { remoteId: id === null ? null : commentId(id) };
      },
      reportsItself: true,
      pullEveryMs: config.publicInterface === 'off' ? null : config.pollSeconds * 1000,
      pull: (cursor, _hint, signal) => reader.pull(cursor, signal),
      fetchMedia: async (fid, signal) => {
        const { bytes, mime } = await client.download(fid, signal);
        return { stream: Readable.from([bytes]), name: fileName(fid, mime), mime };
      },
      check: () => check(client, config),
    };
  },
});

/** The account's welcome as the passive reply, and as an event, so that agents see what the person has read. */
function welcomeOf(
  events: ReturnType<typeof eventsOf>,
  push: PushFields,
  { account, clock }: Context,
): WebhookOutcome<typeof definition> | null {
  const { welcome } = account.config;
  const [followed] = events;
  if (welcome === undefined || followed === undefined) return null;
  const { remoteConversationId, contact, remoteId } = followed.data;
  const now = clock.now();
  const said = {
    type: 'message.received' as const,
    data: {
      remoteConversationId,
      contact,
      direction: 'outbound' as const,
      remoteId: passiveId(remoteId as RemoteMessageId),
      content: { kind: 'text' as const, text: welcome },
      authorName: '自动欢迎语',
      sentAt: now.toISOString(),
    },
  };
  return { events: [...events, said], response: passiveText(push, welcome, now) };
}

const isWelcomed = ({ type, data }: PushFields): boolean =>
  type === 'event' && WELCOMED.has((data.subtype ?? '').toLowerCase());

/** Tries the token, and says when it ends soon: nobody but a person can get a new one. */
async function check(client: WeiboClient, { uid }: WeiboConfig): Promise<{ ok: boolean; error: string | null }> {
  try {
    const info = await client.tokenInfo();
    if (info === null) return { ok: true, error: null };
    if (info.uid !== uid)
      return {
        ok: false,
        error: `Access Token 属于 ${info.uid}，不是配置的 UID / The access token is of ${info.uid}, not of the configured UID`,
      };
    if (info.seconds === null || info.seconds > WARN_S) return { ok: true, error: null };
    const days = Math.max(0, Math.floor(info.seconds / DAY_S));
    return {
      ok: true,
      error: `Access Token 将在 ${days} 天内过期，请重新取得并保存 / The access token ends in ${days} days: get a new one and save it`,
    };
  } catch (error) {
    // Not every token may ask about itself: only what the platform says of the token counts.
    const bad = error instanceof ConnectorError && error.kind !== 'rejected';
    return bad ? { ok: false, error: error.message } : { ok: true, error: null };
  }
}

/** Reads comments and mentions and says how the account is. */
class PublicReader {
  private readonly readings: Readings;
  private failures = 0;

  constructor(
    client: WeiboClient,
    private readonly context: Context,
  ) {
    const { uid } = context.account.config;
    this.readings = new Readings(client, uid, () => context.clock.now().getTime());
  }

  async pull(cursor: string | null, signal: AbortSignal): Promise<Pulled<typeof definition>> {
    if (this.context.account.config.publicInterface === 'off')
      return { events: [], cursor: cursor ?? '{}', more: false };
    try {
      const read = await this.readings.read(cursor, signal);
      this.failures = 0;
      const { trouble } = this.readings;
      this.context.report(trouble === null ? 'ok' : 'degraded', trouble);
      return { ...read, events: await this.withoutOurs(read.events) };
    } catch (error) {
      this.failures++;
      const auth = error instanceof ConnectorError && error.kind === 'auth';
      if (auth || this.failures >= SHOWN_AFTER)
        this.context.report(auth ? 'error' : 'degraded', error instanceof Error ? error.message : 'no connection');
      throw error;
    }
  }

  /** Our own answers come back in the timelines: those that we sent are left out. */
  private async withoutOurs(events: Pulled<typeof definition>['events']): Promise<Pulled<typeof definition>['events']> {
    const outbound = events.flatMap(({ data }) =>
      'direction' in data && data.direction === 'outbound' ? [data.remoteId] : [],
    );
    if (outbound.length === 0) return events;
    const ours = await this.context.sentByUs(outbound);
    return events.filter(({ data }) => !('remoteId' in data) || !ours.has(data.remoteId));
  }
}
