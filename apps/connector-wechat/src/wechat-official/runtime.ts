import { Readable } from 'node:stream';
import { ConnectorError, defineConnector, type FileUpload } from '@huiliu/connector-kit';
import { WechatClient } from './client';
import { UploadedMedia } from '../shared/uploaded-media';
import { definition } from './definition';
import { eventsOf } from './inbound';
import { fileName, MediaRef } from './media';
import { encoders, type WechatRequest } from './outbound';
import { PushProver } from './push';

const SEND = '/cgi-bin/message/custom/send';
const TYPING = '/cgi-bin/message/custom/typing';

/** The official account as the kit runs it. */
export const wechatOfficialConnector = defineConnector({
  definition,
  encoders,
  open: (context) => {
    const { account, fetch, clock } = context;
    const client = new WechatClient(account.config, fetch, clock, (work) => context.alone('token', work));
    const prover = new PushProver(account.config);
    const media = new UploadedMedia((type, file, signal) => client.upload(type, file, signal), context);
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
