import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import {
  type AccountCheck,
  type AccountContext,
  ConnectorError,
  defineConnector,
  type FileUpload,
  type SendResult,
} from '@huiliu/connector-kit';
import { PuppetClient } from './client';
import { definition, type WechatyConfig } from './definition';
import { Echoes } from './echoes';
import { endpointOf } from './endpoint';
import { connectionErrorOf, fileErrorOf, sendErrorOf } from './errors';
import type { MediaRef } from './inbound';
import { Incoming } from './incoming';
import { LoginStatus } from './login';
import { encoders, type WechatyRequest } from './outbound';
import { type Loaded, loadPuppet } from './puppet';

type Context = AccountContext<WechatyConfig, typeof definition>;

const SERVICE = 'wechaty-puppet-service';
const MOCK = 'wechaty-puppet-mock';

const MediaName = z.object({ messageId: z.string(), name: z.string() });

/** One personal WeChat: held by the process that has the account's lease, which sends too. */
export class WechatyRuntime {
  readonly reportsItself = true;
  private readonly login: LoginStatus;
  private readonly echoes: Echoes;
  private readonly incoming: Incoming;
  private client: PuppetClient | null = null;

  /** `load`: where the puppet comes from. */
  constructor(
    private readonly context: Context,
    private readonly load: (config: WechatyConfig) => Promise<Loaded> = (config) => loadFor(config, context),
  ) {
    this.login = new LoginStatus((...how) => context.report(...how));
    this.echoes = new Echoes(context.clock);
    this.incoming = new Incoming(context, this.echoes, () => this.client);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.login.connecting();
    let client: PuppetClient | null = null;
    try {
      client = await PuppetClient.start(await this.load(this.context.account.config), {
        scan: (status, qr) => this.login.scan(status, qr),
        loggedIn: (name) => this.login.loggedIn(name),
        loggedOut: () => this.login.loggedOut(),
        message: (id) => this.incoming.take(id),
      });
      this.client = client;
      await client.held(signal);
    } catch (error) {
      const known = connectionErrorOf(error);
      if (!signal.aborted) this.login.broken(known.message);
      throw known;
    } finally {
      this.client = null;
      await client?.stop();
    }
  }

  async stop(): Promise<void> {
    await this.incoming.stop();
  }

  async send(request: WechatyRequest, part: { conversationId: string }): Promise<SendResult> {
    const client = this.connected();
    try {
      if ('text' in request) {
        const { to, text } = request;
        return { remoteId: await this.echoes.during(to, text, () => client.sendText(to, text)) };
      }
      const { to, attachment } = request;
      const bytes = await this.bytesOf(attachment.id, part.conversationId);
      return { remoteId: await this.echoes.during(to, null, () => client.sendFile(to, attachment.name, bytes)) };
    } catch (error) {
      throw sendErrorOf(error);
    }
  }

  async recall(remoteIds: readonly string[]): Promise<void> {
    if (remoteIds.length === 0) throw new ConnectorError('rejected', 'no_id', '不知道这条消息在微信里的编号，无法撤回');
    const client = this.connected();
    for (const id of remoteIds) {
      const done = await client.recall(id).catch((error: unknown) => {
        throw sendErrorOf(error);
      });
      if (!done) throw new ConnectorError('rejected', 'not_recalled', '微信没有撤回这条消息');
    }
  }

  async fetchMedia(media: string): Promise<FileUpload> {
    const { messageId, name }: MediaRef = MediaName.parse(JSON.parse(media));
    const client = this.connected();
    try {
      const file = await client.file(messageId);
      return { stream: Readable.from([file.bytes]), name: file.name || name, mime: file.mime };
    } catch (error) {
      throw fileErrorOf(error);
    }
  }

  check(): Promise<AccountCheck> {
    const ok = this.client?.loggedIn === true;
    return Promise.resolve({ ok, error: ok ? null : '微信没有登录' });
  }

  /** Without a login nothing leaves: the send is tried again, and told as failed when it takes too long. */
  private connected(): PuppetClient {
    if (this.client === null) throw new ConnectorError('transient', 'not_connected', '没有连上 Puppet 服务');
    if (!this.client.loggedIn)
      throw new ConnectorError('transient', 'not_logged_in', '微信没有登录：请管理员在渠道账号里扫码');
    return this.client;
  }

  private async bytesOf(id: string, conversationId: string): Promise<Buffer> {
    try {
      // Whoever reads for the customer of a conversation is named by it.
      const file = await this.context.inbox.download(id, { conversationId, visitorId: conversationId });
      return await buffer(file.stream);
    } catch (error) {
      // Nothing has left yet: the inbox may answer the next time.
      throw (error as { status?: number }).status === 404
        ? new ConnectorError('rejected', 'no_attachment', '要发送的文件已不存在')
        : new ConnectorError('transient', 'attachment_unavailable', '暂时读不到要发送的文件');
    }
  }
}

async function loadFor(config: WechatyConfig, { fetch }: Context): Promise<Loaded> {
  const { puppet, token } = config;
  if (puppet === MOCK && process.env['NODE_ENV'] === 'production')
    throw new ConnectorError('rejected', 'mock', `${MOCK} 只能用来试验 / is for trials only`);
  const endpoint = puppet === SERVICE ? { endpoint: await endpointOf(config, fetch) } : {};
  return loadPuppet(puppet, { token, ...endpoint });
}

/** The personal WeChat as the kit runs it. */
export const wechatyConnector = defineConnector({
  definition,
  encoders,
  open: (context) => new WechatyRuntime(context),
});
