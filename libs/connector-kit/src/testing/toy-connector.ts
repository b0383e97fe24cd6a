import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Servicer } from '@huiliu/contracts';
import { field } from '../contract/config-schema';
import { type Connector, defineConnector } from '../contract/connector';
import { ConnectorError, WebhookRefusal } from '../contract/errors';
import type { AccountCheck } from '../contract/runtime';
import type { SendResult } from '../contract/sending';
import type { ServiceChange } from '../contract/service';

/** One call to the toy platform, as the test sees it. */
export interface ToyCall {
  readonly key: string;
  readonly text: string;
  readonly conversationId: string;
}

/** What the toy platform does: the test's script. */
export interface ToyPlatform {
  readonly calls: ToyCall[];
  /** Answers a call; throws what the platform would have the connector throw. */
  answer: (call: ToyCall) => Promise<SendResult> | SendResult;
  refreshes: number;
  recalled: string[][];
  /** What the next pulls bring; empty: nothing. */
  pulls: { events: { id: string; text: string; from: string }[]; cursor: string }[];
  pulledFrom: (string | null)[];
  hints: (string | null)[];
  /** How the account is when somebody asks; a connector opened without it has no check. */
  check?: () => Promise<AccountCheck>;
  served: ServiceChange[];
  /** Null: the platform does not tell. */
  servicers: readonly Servicer[] | null;
  /** Who is handed what, as `<servicer> <customer>`; throws what the platform would have the connector throw. */
  handedOver: string[];
  handOver: (servicerId: string) => void;
  /** Throws what the platform would have the connector throw. */
  serve: (change: ServiceChange) => void;
}

export function toyPlatform(): ToyPlatform {
  const platform: ToyPlatform = {
    calls: [],
    answer: ({ key }) => ({ remoteId: `r:${key}` }),
    refreshes: 0,
    recalled: [],
    pulls: [],
    pulledFrom: [],
    hints: [],
    served: [],
    servicers: [{ id: 'wang', name: 'Wang', available: true }],
    handedOver: [],
    handOver: () => undefined,
    serve: () => undefined,
  };
  return platform;
}

const Push = z.object({
  id: z.string().min(1),
  from: z.string().min(1),
  text: z.string().min(1),
  receipt: z.enum(['delivered', 'read']).optional(),
  pull: z.string().optional(),
});

/** A platform that signs hex HMAC-SHA256(secret, timestamp + nonce + body), and takes texts of at most 20 characters. */
export function toyConnector(channel: string, platform: ToyPlatform, over: { keyedSends?: boolean } = {}): Connector {
  return defineConnector({
    definition: {
      channel,
      version: 1,
      name: { zh: '玩具', en: 'Toy' },
      ingress: 'webhook',
      config: z.object({
        shop: z.string().min(1),
        secret: field(z.string().min(4), { zh: '密钥', en: 'Secret', secret: true }),
      }),
      inbound: ['text'],
      outbound: {
        text: { support: 'full', maxChars: 20 },
        link: { support: 'fallback' },
        sticker: { support: 'drop' },
      },
      edits: false,
      recall: { inbound: false, outbound: true, withinSeconds: 120 },
      receipts: ['delivered', 'read'],
      typing: { inbound: false, outbound: false },
      replyWindow: { rules: [], reserve: 0 },
      keyedSends: over.keyedSends ?? false,
      tracksService: true,
      handover: true,
    },
    encoders: { text: (part) => ({ key: part.key, text: part.content.text, conversationId: part.conversationId }) },
    open: (context) => ({
      send: async (call: ToyCall) => {
        platform.calls.push(call);
        return platform.answer(call);
      },
      refreshAuth: () => {
        platform.refreshes++;
        return Promise.resolve();
      },
      recall: (remoteIds) => {
        platform.recalled.push([...remoteIds]);
        return Promise.resolve();
      },
      ...(platform.check === undefined ? {} : { check: () => (platform.check as () => Promise<AccountCheck>)() }),
      serve: (change) => {
        platform.served.push(change);
        platform.serve(change);
        return Promise.resolve();
      },
      servicers: () => {
        if (platform.servicers === null) throw new ConnectorError('rejected', 'no', 'who serves is not told');
        return Promise.resolve(platform.servicers);
      },
      handOver: (servicerId, { remoteContactId }) => {
        platform.handedOver.push(`${servicerId} ${remoteContactId}`);
        platform.handOver(servicerId);
        return Promise.resolve();
      },
      pullEveryMs: null,
      pull: (cursor, hint) => {
        platform.pulledFrom.push(cursor);
        platform.hints.push(hint);
        const next = platform.pulls.shift() ?? { events: [], cursor: cursor ?? '0' };
        return Promise.resolve({
          events: next.events.map(({ id, from, text }) => received(id, from, text)),
          cursor: next.cursor,
          more: platform.pulls.length > 0,
        });
      },
      handleWebhook: async (request) => {
        const [timestamp, nonce, signature] = [
          request.signed('timestamp'),
          request.signed('nonce'),
          request.signed('signature'),
        ];
        const body = request.method === 'GET' ? Buffer.from(request.signed('echo')) : request.body;
        const expected = Buffer.from(toySignature(context.account.config.secret, timestamp, nonce, body));
        const given = Buffer.from(signature);
        if (given.length !== expected.length || !timingSafeEqual(given, expected))
          throw new WebhookRefusal('unauthorized', 'wrong signature');
        await context.admit({ timestamp, timestampMs: Number(timestamp) * 1000, nonce, signature, body });
        const response = { contentType: 'text/plain', body: request.method === 'GET' ? request.signed('echo') : 'ok' };
        if (request.method === 'GET') return { events: [], response };
        let push: unknown;
        try {
          push = JSON.parse(request.body.toString('utf8'));
        } catch {
          throw new WebhookRefusal('malformed', 'not JSON');
        }
        const known = Push.safeParse(push);
        // Well signed but unknown: taken and left.
        if (!known.success) return { events: [], response };
        const { id, from, text, receipt, pull } = known.data;
        if (receipt !== undefined) return { events: [], receipts: [{ remoteId: id, state: receipt }], response };
        if (pull !== undefined) return { events: [], pull: { hint: pull }, response };
        const echoes = await context.sentByUs([id]);
        return { events: echoes.has(id) ? [] : [received(id, from, text)], response };
      },
    }),
  });
}

function received(id: string, from: string, text: string) {
  return {
    type: 'message.received' as const,
    data: {
      remoteConversationId: from,
      contact: { remoteId: from },
      remoteId: id,
      content: { kind: 'text' as const, text },
      sentAt: '2026-11-23T12:00:00.000Z',
    },
  };
}

export function toySignature(secret: string, timestamp: string, nonce: string, body: Buffer): string {
  return createHmac('sha256', secret)
    .update(timestamp)
    .update(nonce)
    .update(createHash('sha256').update(body).digest())
    .digest('hex');
}
