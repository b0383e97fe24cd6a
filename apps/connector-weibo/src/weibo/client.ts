import { ConnectorError, type GuardedFetch, type GuardedResponse } from '@huiliu/connector-kit';
import { parseJson } from '@huiliu/wire';
import { z } from 'zod';
import type { WeiboConfig } from './definition';
import { errorOf, errorOfFetch, errorOfStatus, isDoneLate, isNotOpen } from './errors';
import type { WeiboRequest } from './outbound';

const HOSTS = {
  messages: 'https://m.api.weibo.com',
  commercial: 'https://c.api.weibo.com',
  standard: 'https://api.weibo.com',
  upload: 'https://upload.api.weibo.com',
} as const;
type Host = keyof typeof HOSTS;
type Public = 'commercial' | 'standard';

const MAX_ANSWER = 4 * 1024 * 1024;
const MAX_FILE = 20 * 1024 * 1024;

export const TIMELINES = ['comments', 'commentMentions', 'mentions'] as const;
export type TimelineName = (typeof TIMELINES)[number];

/** By interface. Source: open.weibo.com, C/2/comments/to_me/biz, C/2/comments/mentions/biz, C/2/statuses/mentions/other. */
const PATHS: Readonly<Record<Public, Readonly<Record<TimelineName, string>>>> = {
  commercial: {
    comments: '/2/comments/to_me/biz.json',
    commentMentions: '/2/comments/mentions/biz.json',
    mentions: '/2/statuses/mentions/other.json',
  },
  standard: {
    comments: '/2/comments/to_me.json',
    commentMentions: '/2/comments/mentions.json',
    mentions: '/2/statuses/mentions.json',
  },
};
const PAGE = 50;

const Refusal = z.object({
  error_code: z.union([z.number(), z.string()]).transform(String),
  error: z.string().default(''),
});
const Made = z.object({ id: z.union([z.number(), z.string()]).transform(String) });
const TokenInfo = z.object({
  uid: z.union([z.number(), z.string()]).transform(String),
  expire_in: z.coerce.number().optional(),
});

/** A file as the platform gave it. */
export interface MediaFile {
  readonly bytes: Buffer;
  readonly mime: string;
}

/** The platform's HTTP interface: the token in, its errors in our terms out. */
export class WeiboClient {
  /** By what is asked, the interface that was found open. */
  private readonly open = new Map<string, Public>();

  constructor(
    private readonly config: WeiboConfig,
    private readonly fetch: GuardedFetch,
  ) {}

  /** Sends; without an answer the outcome is unknown. Answers the id of a comment; a private message is given none. */
  async send(request: WeiboRequest, signal: AbortSignal): Promise<string | null> {
    const { replyInterface } = this.config;
    if (request.to === 'private') {
      const { receiver, type, data } = request;
      // Form encoding is the one url-encoding that `data` gets.
      const form = { type, data: JSON.stringify(data), receiver_id: receiver, save_sender_box: '1' };
      const [host, path] =
        replyInterface === 'commercial'
          ? (['commercial', '/2/messages/reply/biz.json'] as const)
          : (['messages', '/2/messages/reply.json'] as const);
      await this.post(host, path, form, signal);
      return null;
    }
    const ip = this.config.operatorIp;
    const form = {
      id: request.status,
      comment: request.text,
      ...(request.to === 'comment' ? { cid: request.comment } : {}),
      ...(ip === undefined ? {} : { rip: ip }),
    };
    const does = request.to === 'comment' ? 'reply' : 'create';
    const made = Made.safeParse(
      await this.onOpen(does, (kind) =>
        this.post(
          kind,
          kind === 'standard' ? `/2/comments/${does}.json` : `/2/comments/${does}/biz.json`,
          form,
          signal,
        ),
      ),
    );
    return made.success ? made.data.id : null;
  }

  /** One page of a timeline, newest first: ids above `since`, up to `upTo`. */
  async page(name: TimelineName, since: string, upTo: string | null, signal: AbortSignal): Promise<unknown> {
    const query = new URLSearchParams({
      access_token: this.config.accessToken,
      since_id: since,
      count: String(PAGE),
      ...(upTo === null ? {} : { max_id: upTo }),
    });
    return this.onOpen(name, async (kind) => {
      const path = `${PATHS[kind][name]}?${query.toString()}`;
      const answer = await this.call(kind, path, { method: 'GET', acts: false, signal });
      const read = readAnswer(answer);
      if (read !== null) return read;
      throw answer.status === 200
        ? new ConnectorError('transient', 'no_json', '微博的回应无法识别')
        : errorOfStatus(answer.status);
    });
  }

  /** A customer's file. */
  async download(fid: string, signal: AbortSignal): Promise<MediaFile> {
    const query = new URLSearchParams({ access_token: this.config.accessToken, fid });
    const answer = await this.call('upload', `/2/mss/msget?${query.toString()}`, {
      method: 'GET',
      acts: false,
      signal,
    });
    const mime = (answer.headers['content-type'] ?? '').split(';', 1)[0] || 'application/octet-stream';
    if (answer.status !== 200 || /json/.test(mime)) {
      // Throws the platform's refusal, where it says one.
      readAnswer(answer);
      throw errorOfStatus(answer.status === 200 ? 404 : answer.status);
    }
    return { bytes: answer.body, mime };
  }

  /** Whose the token is, and how many seconds it lives; null for a platform that does not say. */
  async tokenInfo(): Promise<{ uid: string; seconds: number | null } | null> {
    const body = new URLSearchParams({ access_token: this.config.accessToken }).toString();
    const answer = await this.call('standard', '/oauth2/get_token_info', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
      acts: false,
    });
    const info = TokenInfo.safeParse(readAnswer(answer));
    return info.success ? { uid: info.data.uid, seconds: info.data.expire_in ?? null } : null;
  }

  /** On the interface that is set, or on the one of both that is open to this app: what a closed one refuses was not done. */
  private async onOpen<T>(what: string, call: (kind: Public) => Promise<T>): Promise<T> {
    const { publicInterface } = this.config;
    if (publicInterface === 'commercial' || publicInterface === 'standard') return call(publicInterface);
    const first = this.open.get(what) ?? 'commercial';
    try {
      return await call(first);
    } catch (error) {
      if (!isNotOpen(error)) throw error;
      const other = first === 'commercial' ? 'standard' : 'commercial';
      const done = await call(other).catch((second: unknown) => {
        // Where neither is open, the first one's words are shown.
        throw isNotOpen(second) ? error : second;
      });
      this.open.set(what, other);
      return done;
    }
  }

  private async post(host: Host, path: string, form: Record<string, string>, signal: AbortSignal): Promise<unknown> {
    const answer = await this.call(host, path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ access_token: this.config.accessToken, ...form }).toString(),
      acts: true,
      signal,
    });
    const read = readAnswer(answer);
    if (read !== null) return read;
    // The interface always answers JSON; anything else came from something in between.
    if (answer.status !== 200) throw errorOfStatus(answer.status);
    throw new ConnectorError('outcome_unknown', 'no_json', '微博的回应无法识别，不知道消息是否已发出');
  }

  private async call(host: Host, path: string, { acts, ...request }: Request): Promise<GuardedResponse> {
    const base = this.config.apiBase?.replace(/\/+$/, '') ?? HOSTS[host];
    try {
      return await this.fetch.fetch(`${base}${path}`, { maxBytes: MAX_FILE, ...request });
    } catch (error) {
      throw errorOfFetch(error, acts);
    }
  }
}

interface Request {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  readonly acts: boolean;
}

/** The answer's JSON, whatever its status: refusals come under 400 and 403. Null when it is none; throws what the platform refused. */
function readAnswer(answer: GuardedResponse): unknown {
  let value: unknown;
  try {
    value = parseJson(answer.body.toString('utf8'), { maxChars: MAX_ANSWER });
  } catch {
    if (answer.status === 429 || answer.status >= 500) throw errorOfStatus(answer.status);
    return null;
  }
  const refusal = Refusal.safeParse(value);
  if (refusal.success && !isDoneLate(refusal.data.error_code))
    throw errorOf(refusal.data.error_code, refusal.data.error);
  if (!refusal.success && answer.status >= 400) throw errorOfStatus(answer.status);
  return value;
}
