import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AccountContext, GuardedFetch } from '@huiliu/connector-kit';
import { FakeClock } from '@huiliu/testing';
import { definition, type WecomKfConfig } from '../wecom-kf/definition';
import { WecomClient } from '../wecom-kf/client';

export interface Called {
  readonly path: string;
  readonly token: string | null;
  readonly body: Record<string, unknown>;
}

/** An answer in JSON; `null`: the connection ends without one. */
export type Answer = object | null;

/** The platform as a test scripts it, over real HTTP. */
export class ScriptedPlatform {
  readonly calls: Called[] = [];
  readonly clock = new FakeClock();
  /** Answers in their order by the end of the path; without any left: what `usual` says. */
  readonly script = new Map<string, Answer[]>();
  readonly sentByUs = new Set<string>();
  /** What `media/get` gives, by its id. */
  readonly files = new Map<string, { readonly mime: string; readonly bytes: Buffer }>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ScriptedPlatform> {
    const server = createServer();
    const platform = new ScriptedPlatform(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const url = new URL(request.url ?? '', 'http://x');
        const text = Buffer.concat(chunks).toString('utf8');
        const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
        platform.calls.push({ path: url.pathname, token: url.searchParams.get('access_token'), body });
        const file = platform.files.get(url.searchParams.get('media_id') ?? '');
        if (file !== undefined && (platform.script.get('/media/get') ?? []).length === 0)
          return void response.setHeader('content-type', file.mime).end(file.bytes);
        const answer = platform.answerTo(url.pathname);
        if (answer === null) return void response.destroy();
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return platform;
  }

  stop(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  next(path: string, ...answers: Answer[]): void {
    this.script.set(path, [...(this.script.get(path) ?? []), ...answers]);
  }

  called(path: string): Called[] {
    return this.calls.filter((call) => call.path.endsWith(path));
  }

  context(over: Partial<WecomKfConfig> = {}, id = 'account'): AccountContext<WecomKfConfig, typeof definition> {
    const { port } = this.server.address() as AddressInfo;
    const config = definition.config.parse({
      corpId: 'ww1',
      secret: 's',
      token: 't',
      encodingAesKey: 'kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR',
      openKfId: 'wk1',
      apiBase: `http://127.0.0.1:${port}`,
      ...over,
    });
    const given: Partial<AccountContext<WecomKfConfig, typeof definition>> = {
      account: { id, channel: 'wecom-kf', name: 'x', config, revision: 1 },
      fetch: new GuardedFetch({ allow: ['127.0.0.0/8'] }),
      clock: this.clock,
      admit: () => Promise.resolve('first' as const),
      sentByUs: (ids) => Promise.resolve(new Set(ids.filter((id) => this.sentByUs.has(id)))),
      logger: { warn: () => undefined } as unknown as AccountContext['logger'],
    };
    return given as AccountContext<WecomKfConfig, typeof definition>;
  }

  client(context = this.context()): WecomClient {
    return new WecomClient(context.account.config, context.fetch, context.clock);
  }

  private answerTo(path: string): Answer {
    for (const [end, answers] of this.script)
      if (path.endsWith(end)) {
        const answer = answers.shift();
        if (answer !== undefined) return answer;
      }
    if (path.endsWith('/gettoken'))
      return { errcode: 0, access_token: `T${this.called('/gettoken').length}`, expires_in: 7200 };
    return { errcode: 0, errmsg: 'ok' };
  }
}
