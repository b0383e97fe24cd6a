import { z } from 'zod';
import { ConnectorError, type GuardedFetch, type GuardedResponse } from '@huiliu/connector-kit';
import type { Clock } from '@huiliu/storage';
import { type ApiRequest, mediumIn, mimeOf, readAnswer, tokenIn } from '../shared/answers';
import { multipart } from '../shared/multipart';
import type { WechatOfficialConfig } from './definition';
import { errorOf, errorOfFetch, errorOfStatus } from './errors';
import { type IssuedToken, Tokens } from '../shared/tokens';

const API = 'https://api.weixin.qq.com';
const MAX_ANSWER = 256 * 1024;
const MAX_FILE = 20 * 1024 * 1024;

const VideoAddress = z.object({ video_url: z.url() });

/** A file as the platform gave it. */
export interface MediaFile {
  readonly bytes: Buffer;
  readonly mime: string;
}

/** The platform's HTTP interface: the token in, its errors in our terms out. */
export class WechatClient {
  private readonly base: string;
  private readonly tokens: Tokens;

  constructor(
    private readonly config: WechatOfficialConfig,
    private readonly fetch: GuardedFetch,
    clock: Pick<Clock, 'now'>,
    alone: <T>(work: () => Promise<T>) => Promise<T>,
  ) {
    this.base = (config.apiBase ?? API).replace(/\/+$/, '');
    this.tokens = new Tokens((force) => this.askToken(force), alone, clock);
  }

  /** Makes sure that there is a token that the platform takes. */
  async renewToken(): Promise<void> {
    await this.tokens.get();
  }

  /** A call that does something: without an answer its outcome is unknown. */
  async post(path: string, body: unknown, signal?: AbortSignal): Promise<void> {
    await this.withToken(async (token) => {
      const answer = await this.call(`${path}?access_token=${token}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        acts: true,
        ...(signal === undefined ? {} : { signal }),
      });
      // The interface always answers JSON; anything else came from something in between.
      const json = read(answer);
      if (json === null)
        throw new ConnectorError('outcome_unknown', 'no_json', '微信的回应无法识别，不知道消息是否已发出');
    });
  }

  /** Stores a temporary medium for three days; answers its id. */
  async upload(
    type: string,
    file: { name: string; mime: string; bytes: Buffer },
    signal: AbortSignal,
  ): Promise<string> {
    const { contentType, body } = multipart('media', file);
    return this.withToken(async (token) => {
      const answer = await this.call(`/cgi-bin/media/upload?access_token=${token}&type=${type}`, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body,
        acts: false,
        signal,
      });
      const mediaId = mediumIn(read(answer));
      if (mediaId === null) throw new ConnectorError('transient', 'no_media_id', '微信没有给出媒体文件的编号');
      return mediaId;
    });
  }

  /** A customer's file. Films come as an address. */
  async download(mediaId: string, signal: AbortSignal): Promise<MediaFile> {
    return this.withToken(async (token) => {
      const query = `access_token=${token}&media_id=${encodeURIComponent(mediaId)}`;
      const answer = await this.call(`/cgi-bin/media/get?${query}`, { method: 'GET', acts: false, signal });
      const json = isJson(answer) ? read(answer) : null;
      const film = VideoAddress.safeParse(json);
      if (film.success) return this.downloadFrom(film.data.video_url, signal);
      if (json !== null) throw new ConnectorError('rejected', 'no_media', '微信没有给出文件');
      return fileOf(answer);
    });
  }

  /** A file at a public address that the platform named. */
  async downloadFrom(url: string, signal: AbortSignal): Promise<MediaFile> {
    const answer = await this.send(url, { method: 'GET', acts: false, signal, maxBytes: MAX_FILE });
    if (answer.status !== 200) throw errorOfStatus(answer.status);
    return fileOf(answer);
  }

  private async withToken<T>(call: (token: string) => Promise<T>): Promise<T> {
    const token = await this.tokens.get();
    try {
      return await call(token);
    } catch (error) {
      if (error instanceof ConnectorError && error.kind === 'auth') this.tokens.discredit(token);
      throw error;
    }
  }

  private async askToken(force: boolean): Promise<IssuedToken> {
    const { tokenUrl, tokenUrlSecret, appId, appSecret } = this.config;
    const answer =
      tokenUrl === undefined
        ? await this.call('/cgi-bin/stable_token', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
              grant_type: 'client_credential',
              appid: appId,
              secret: appSecret,
              force_refresh: force,
            }),
            acts: false,
          })
        : await this.send(tokenUrl, {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              ...(tokenUrlSecret === undefined ? {} : { authorization: `Bearer ${tokenUrlSecret}` }),
            },
            body: JSON.stringify({ appid: appId, force_refresh: force }),
            acts: false,
          });
    const issued = tokenIn(read(answer));
    if (issued === null) throw new ConnectorError('transient', 'no_token', '没有得到 access_token');
    return issued;
  }

  private async call(path: string, request: ApiRequest): Promise<GuardedResponse> {
    const answer = await this.send(`${this.base}${path}`, { maxBytes: MAX_FILE, ...request });
    if (answer.status !== 200) throw errorOfStatus(answer.status);
    return answer;
  }

  private async send(url: string, { acts, ...request }: ApiRequest): Promise<GuardedResponse> {
    try {
      return await this.fetch.fetch(url, request);
    } catch (error) {
      throw errorOfFetch(error, acts);
    }
  }
}

/** Errors come as JSON under whatever type; files never begin so and end so small. */
const isJson = (answer: GuardedResponse): boolean =>
  /json|text\/plain/.test(mimeOf(answer)) || (answer.body.length < 2048 && answer.body[0] === 0x7b);

const read = (answer: GuardedResponse): unknown => readAnswer(answer, errorOf, { maxChars: MAX_ANSWER });

function fileOf(answer: GuardedResponse): MediaFile {
  return { bytes: answer.body, mime: mimeOf(answer) || 'application/octet-stream' };
}
