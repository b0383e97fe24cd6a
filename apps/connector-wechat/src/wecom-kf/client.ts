import { ConnectorError, type GuardedFetch, type GuardedResponse } from '@huiliu/connector-kit';
import type { Clock } from '@huiliu/storage';
import { type ApiRequest, mediumIn, mimeOf, readAnswer, tokenIn } from '../shared/answers';
import { multipart } from '../shared/multipart';
import { type IssuedToken, Tokens } from '../shared/tokens';
import type { WecomKfConfig } from './definition';
import { errorOf, errorOfFetch, errorOfStatus } from './errors';

const API = 'https://qyapi.weixin.qq.com';
/** A page of a thousand messages of 2 KB each, and their frames. */
const MAX_ANSWER = 16 * 1024 * 1024;
const MAX_FILE = 20 * 1024 * 1024;
const MAX_DEPTH = 20;
const NOT_JSON = '企业微信的回应无法识别';

/** A file as the platform gave it. */
export interface MediaFile {
  readonly bytes: Buffer;
  readonly mime: string;
  readonly disposition: string | undefined;
}

/** The platform's HTTP interface: the token in, its errors in our terms out. */
export class WecomClient {
  private readonly base: string;
  private readonly tokens: Tokens;

  constructor(
    private readonly config: Pick<WecomKfConfig, 'corpId' | 'secret' | 'apiBase'>,
    private readonly fetch: GuardedFetch,
    clock: Pick<Clock, 'now'>,
  ) {
    this.base = (config.apiBase ?? API).replace(/\/+$/, '');
    // The platform knows no forced renewal (it gives the same token until that has ended): there is nothing to take turns for.
    this.tokens = new Tokens(
      () => this.askToken(),
      (work) => work(),
      clock,
    );
  }

  /** Makes sure that there is a token that the platform takes. */
  async renewToken(): Promise<void> {
    await this.tokens.get();
  }

  /** A call that only asks, or that changes nothing the second time: without an answer it may be repeated. */
  ask(path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
    return this.post(path, body, false, signal);
  }

  /** A call that only asks, by what its address says. */
  look(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown> {
    return this.withToken(async (token) => {
      const search = new URLSearchParams(query).toString();
      const request = { method: 'GET', acts: false, maxBytes: MAX_ANSWER, signal } as const;
      const json = read(await this.call(`${path}?access_token=${token}&${search}`, request));
      if (json === null) throw new ConnectorError('transient', 'no_json', NOT_JSON);
      return json;
    });
  }

  /** A call that does something: without an answer its outcome is unknown. */
  act(path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
    return this.post(path, body, true, signal);
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
      if (mediaId === null) throw new ConnectorError('transient', 'no_media_id', '企业微信没有给出媒体文件的编号');
      return mediaId;
    });
  }

  /** A customer's file. */
  async download(mediaId: string, signal: AbortSignal): Promise<MediaFile> {
    return this.withToken(async (token) => {
      const query = `access_token=${token}&media_id=${encodeURIComponent(mediaId)}`;
      const answer = await this.call(`/cgi-bin/media/get?${query}`, { method: 'GET', acts: false, signal });
      const disposition = answer.headers['content-disposition'];
      // A refusal comes as JSON, and so may a customer's file: that one comes as a file.
      if (disposition === undefined && isJson(answer)) {
        read(answer);
        throw new ConnectorError('rejected', 'no_media', '企业微信没有给出文件');
      }
      return { bytes: answer.body, mime: mimeOf(answer) || 'application/octet-stream', disposition };
    });
  }

  private async post(path: string, body: unknown, acts: boolean, signal?: AbortSignal): Promise<unknown> {
    return this.withToken(async (token) => {
      const answer = await this.call(`${path}?access_token=${token}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        acts,
        maxBytes: MAX_ANSWER,
        ...(signal === undefined ? {} : { signal }),
      });
      const json = read(answer);
      // The interface always answers JSON; anything else came from something in between.
      if (json === null) throw new ConnectorError(acts ? 'outcome_unknown' : 'transient', 'no_json', NOT_JSON);
      return json;
    }, !acts);
  }

  /** A refused token is renewed and the call made again, once; what `acts` is left to the kit, which counts its attempts. */
  private async withToken<T>(call: (token: string) => Promise<T>, again = true): Promise<T> {
    const token = await this.tokens.get();
    try {
      return await call(encodeURIComponent(token));
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'auth') throw error;
      this.tokens.discredit(token);
      if (again) return this.withToken(call, false);
      throw error;
    }
  }

  private async askToken(): Promise<IssuedToken> {
    const { corpId, secret } = this.config;
    const query = new URLSearchParams({ corpid: corpId, corpsecret: secret }).toString();
    const answer = await this.call(`/cgi-bin/gettoken?${query}`, { method: 'GET', acts: false });
    const issued = tokenIn(read(answer));
    if (issued === null) throw new ConnectorError('transient', 'no_token', '没有得到 access_token');
    return issued;
  }

  private async call(path: string, { acts, ...request }: ApiRequest): Promise<GuardedResponse> {
    let answer: GuardedResponse;
    try {
      answer = await this.fetch.fetch(`${this.base}${path}`, { maxBytes: MAX_FILE, ...request });
    } catch (error) {
      throw errorOfFetch(error, acts);
    }
    if (answer.status !== 200) throw errorOfStatus(answer.status);
    return answer;
  }
}

const isJson = (answer: GuardedResponse): boolean => /json|text\/plain/.test(mimeOf(answer));

const read = (answer: GuardedResponse): unknown =>
  readAnswer(answer, errorOf, { maxChars: MAX_ANSWER, maxDepth: MAX_DEPTH });
