import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Attachment } from '@huiliu/contracts';
import { type AccountContext, ConnectorError, defineConnector, type FileUpload } from '@huiliu/connector-kit';
import { WechatClient } from './client';
import { definition, type WechatOfficialConfig } from './definition';
import { eventsOf } from './inbound';
import { fileName, MediaRef } from './media';
import { encoders, type WechatRequest } from './outbound';
import { PushProver } from './push';

type Context = AccountContext<WechatOfficialConfig, typeof definition>;

const SEND = '/cgi-bin/message/custom/send';
const TYPING = '/cgi-bin/message/custom/typing';
/** Below the three days that an uploaded medium lives. */
const MEDIUM_MS = 2 * 24 * 3600_000;
const MOST_MEDIA = 1_000;

/** The official account as the kit runs it. */
export const wechatOfficialConnector = defineConnector({
  definition,
  encoders,
  open: (context) => {
    const { account, fetch, clock } = context;
    const client = new WechatClient(account.config, fetch, clock, (work) => context.alone('token', work));
    const prover = new PushProver(account.config);
    const media = new UploadedMedia(client, context);
    return {
      handleWebhook: async (request) => {
        const proven = prover.prove(request);
        const { timestamp, nonce, signature, signed: body } = proven;
        await context.admit({ timestamp, timestampMs: Number(timestamp) * 1000, nonce, signature, body });
        const said = proven.read();
        const events = typeof said === 'string' ? [] : eventsOf(said, request.receivedAt);
        const response = {
          contentType: 'text/plain; charset=utf-8',
          body: typeof said === 'string' ? said : 'success',
        };
        return { events, response };
      },
      send: async (request: WechatRequest, part, signal) => {
        await client.post(SEND, await bodyOf(request, media, part.conversationId, signal), signal);
        // The platform gives no id for what it takes.
        return { remoteId: null };
      },
      fetchMedia: (ref, signal) => fetchMedia(client, MediaRef.parse(JSON.parse(ref)), signal),
      refreshAuth: () => client.renewToken(),
      typing: (target) => client.post(TYPING, { touser: target.remoteContactId, command: 'Typing' }),
      check: async () => {
        try {
          await client.renewToken();
          return { ok: true, error: null };
        } catch (error) {
          return { ok: false, error: error instanceof Error ? error.message : 'no token' };
        }
      },
    };
  },
});

async function bodyOf(
  request: WechatRequest,
  media: UploadedMedia,
  conversationId: string,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  if ('body' in request) return { touser: request.touser, ...request.body };
  const { type, attachment } = request.medium;
  const media_id = await media.idOf(type, attachment, conversationId, signal);
  return { touser: request.touser, msgtype: type, [type]: { media_id } };
}

async function fetchMedia(client: WechatClient, ref: MediaRef, signal: AbortSignal): Promise<FileUpload> {
  const file = await client.download(ref.mediaId, signal).catch((error: unknown) => {
    // A picture has a public address as well, which may live longer than its medium.
    const gone = error instanceof ConnectorError && error.kind === 'rejected';
    if (!gone || ref.url === undefined) throw error;
    return client.downloadFrom(ref.url, signal);
  });
  return { stream: Readable.from([file.bytes]), name: fileName(ref.name, file.mime), mime: file.mime };
}

/** Files of ours at the platform, by attachment: a send that is tried again uploads nothing twice. */
class UploadedMedia {
  private readonly known = new Map<string, { readonly mediaId: string; readonly atMs: number }>();

  constructor(
    private readonly client: WechatClient,
    private readonly context: Context,
  ) {}

  async idOf(
    type: 'image' | 'voice' | 'video',
    attachment: Attachment,
    conversationId: string,
    signal: AbortSignal,
  ): Promise<string> {
    const nowMs = this.context.clock.now().getTime();
    const known = this.known.get(attachment.id);
    if (known !== undefined && nowMs - known.atMs < MEDIUM_MS) return known.mediaId;
    const bytes = await this.read(attachment.id, conversationId);
    const mediaId = await this.client.upload(type, { name: attachment.name, mime: attachment.mime, bytes }, signal);
    if (this.known.size >= MOST_MEDIA) this.known.delete(this.known.keys().next().value as string);
    this.known.set(attachment.id, { mediaId, atMs: nowMs });
    return mediaId;
  }

  private async read(id: string, conversationId: string): Promise<Buffer> {
    try {
      // Whoever reads for the customer of a conversation is named by it.
      const file = await this.context.inbox.download(id, { conversationId, visitorId: conversationId });
      return await buffer(file.stream);
    } catch (error) {
      const status = (error as { status?: number }).status;
      // Nothing has left yet: the inbox may answer the next time.
      throw status === 404
        ? new ConnectorError('rejected', 'no_attachment', '要发送的文件已不存在')
        : new ConnectorError('transient', 'attachment_unavailable', '暂时读不到要发送的文件');
    }
  }
}
