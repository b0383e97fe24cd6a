import { ChannelDefinition } from '@huiliu/contracts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { toyConnector, toyPlatform } from '../testing/toy-connector';
import { configJsonSchema, field, mapPaths } from './config-schema';
import { defineConnector } from './connector';
import { opaqueId } from './remote-ids';
import { WebhookRequest } from './webhook';

const base = {
  channel: 'x',
  version: 1,
  name: { zh: 'x', en: 'x' },
  ingress: 'visitor',
  config: z.object({}),
  inbound: ['text'],
  outbound: { text: { support: 'full' }, link: { support: 'fallback' } },
  edits: false,
  recall: { inbound: false, outbound: false, withinSeconds: null },
  receipts: [],
  typing: { inbound: false, outbound: false },
  replyWindow: { rules: [], reserve: 0 },
  keyedSends: false,
} as const;
const send = () => Promise.resolve({ remoteId: null });
const text = (): string => 'x';

const open = () => ({ send });
const pulling = (receipts: readonly { remoteId: string; state: 'failed' | 'read' }[] = []) => ({
  send,
  pullEveryMs: 1,
  pull: () => Promise.resolve({ events: [], receipts, cursor: '', more: false }),
});
const withImage = { ...base, outbound: { text: { support: 'full' }, image: { support: 'partial' } } } as const;
const withRecall = { ...base, recall: { inbound: false, outbound: true, withinSeconds: 1 } } as const;
const withEdits = { ...base, edits: true } as const;
const webhook = { ...base, ingress: 'webhook' } as const;
const polled = { ...base, ingress: 'poll' } as const;
const socket = { ...base, ingress: 'socket' } as const;
const withTyping = { ...polled, typing: { inbound: false, outbound: true } } as const;
const withService = { ...base, tracksService: true } as const;
const withHandover = { ...base, handover: true } as const;
const withReceipts = { ...polled, receipts: ['read'] } as const;
const failed = () => pulling([]);

describe('the config schema', () => {
  it('takes no field that it does not name, at any depth', () => {
    const server = z.object({ host: z.string() });
    expect(configJsonSchema(z.object({ imap: server, extra: z.record(z.string(), z.string()) }))).toMatchObject({
      additionalProperties: false,
      properties: {
        imap: { additionalProperties: false },
        extra: { additionalProperties: { type: 'string' } },
      },
    });
  });
});

describe('defineConnector', () => {
  it('compiles only where the code does what the definition says', () => {
    defineConnector({ definition: base, encoders: { text }, open });
    defineConnector({ definition: withReceipts, encoders: { text }, open: failed });
    // @ts-expect-error a sendable kind without an encoder
    defineConnector({ definition: withImage, encoders: { text }, open });
    // @ts-expect-error recall without the function
    defineConnector({ definition: withRecall, encoders: { text }, open });
    // @ts-expect-error edits without the function
    defineConnector({ definition: withEdits, encoders: { text }, open });
    // @ts-expect-error a webhook channel without its handler
    defineConnector({ definition: webhook, encoders: { text }, open });
    // @ts-expect-error a polled channel without its pull
    defineConnector({ definition: polled, encoders: { text }, open });
    // @ts-expect-error a socket channel that holds no connection
    defineConnector({ definition: socket, encoders: { text }, open });
    // @ts-expect-error who serves is to be told, and nobody hears it
    defineConnector({ definition: withService, encoders: { text }, open });
    // @ts-expect-error conversations can be handed to servicers, and nobody does it
    defineConnector({ definition: withHandover, encoders: { text }, open });
    // @ts-expect-error typing without the function
    defineConnector({ definition: withTyping, encoders: { text }, open: () => pulling() });
    // @ts-expect-error a receipt that the definition does not declare
    defineConnector({ definition: polled, encoders: { text }, open: failed });
    // That this file compiles is the proof; what is built of a good definition works.
    expect(defineConnector({ definition: base, encoders: { text }, open }).describe('app').channel).toBe('x');
  });

  it('describes itself in the words of the contract', () => {
    const described = toyConnector('toy', toyPlatform()).describe('connector-toy');
    expect(ChannelDefinition.parse(described)).toEqual(described);
    expect(described.secrets).toEqual(['secret']);
  });

  it('finds secrets however deep and changes nothing else', () => {
    const connector = defineConnector({
      definition: {
        ...base,
        config: z.object({
          imap: z.object({
            host: z.string(),
            pass: field(z.string().optional(), { zh: '密码', en: 'Password', secret: true }),
          }),
        }),
      },
      encoders: { text },
      open: () => ({ send }),
    });
    expect(connector.secrets).toEqual(['imap.pass']);
    const config = { imap: { host: 'h', pass: 'p' }, list: ['p'] };
    expect(mapPaths(config, connector.secrets, (value) => value.toUpperCase())).toEqual({
      imap: { host: 'h', pass: 'P' },
      list: ['p'],
    });
    expect(config.imap.pass).toBe('p');
    expect(mapPaths({ imap: 'x' }, ['imap.pass', '__proto__.x', 'none.at.all'], () => 'y')).toEqual({ imap: 'x' });
  });

  it('refuses ids that have lost digits', () => {
    expect(opaqueId('9007199254740993', 'id')).toBe('9007199254740993');
    expect(opaqueId(42, 'id')).toBe('42');
    for (const bad of [2 ** 53, 1.5, '', null, {}, 'x'.repeat(513)])
      expect(() => opaqueId(bad, 'id')).toThrow(TypeError);
  });

  it('a signed parameter is there once', () => {
    const request = new WebhookRequest(
      'GET',
      new URLSearchParams('a=1&b=1&b=2&c='),
      { 'x-sign': 's', 'x-two': 'a, b' },
      Buffer.alloc(0),
      new Date(),
    );
    expect([request.signed('a'), request.signedHeader('X-Sign')]).toEqual(['1', 's']);
    for (const name of ['b', 'c', 'd']) expect(() => request.signed(name)).toThrow();
    for (const name of ['x-two', 'x-none']) expect(() => request.signedHeader(name)).toThrow();
  });
});

describe('the kit', () => {
  it('knows no channel by name', () => {
    const root = join(__dirname, '..');
    const names = [
      'webchat',
      'email',
      'wechat',
      'wecom',
      'wechaty',
      'weibo',
      'taobao',
      'pinduoduo',
      'doudian',
      '\\bjd\\b',
    ];
    // `email` is also one of the canonical kinds of content.
    const allowed = /case 'email':|kind === 'email'|By e-mail|by e-mail/g;
    for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.spec.ts') || file.startsWith('testing')) continue;
      const source = readFileSync(join(root, file), 'utf8').replace(allowed, '');
      for (const name of names)
        expect({ file, found: new RegExp(name, 'i').test(source) ? name : null }).toEqual({ file, found: null });
    }
  });
});
