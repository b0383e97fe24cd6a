import 'reflect-metadata';
import { BusModule, BusServer, busSchemas } from '@huiliu/bus';
import { ConnectorHostModule, connectorSchema, defineConnector } from '@huiliu/connector-kit';
import { runService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { z } from 'zod';

const APP = 'connector-toy';
const PREFIX = 'connector_toy';

const Page = z.object({
  events: z.array(z.object({ id: z.string(), from: z.string(), text: z.string() })),
  cursor: z.string(),
  more: z.boolean(),
});

/** A platform that is read by cursor and takes texts without a key of ours: played by the test (`platform.ts`). */
const toy = defineConnector({
  definition: {
    channel: 'toy',
    version: 1,
    name: { zh: '玩具', en: 'Toy' },
    ingress: 'poll',
    config: z.object({ apiBase: z.url() }),
    inbound: ['text'],
    outbound: { text: { support: 'full' } },
    edits: false,
    recall: { inbound: false, outbound: false, withinSeconds: null },
    receipts: [],
    typing: { inbound: false, outbound: false },
    replyWindow: { rules: [], reserve: 0 },
    keyedSends: false,
  },
  encoders: { text: (part) => ({ to: part.remoteConversationId, text: part.content.text }) },
  open: ({ account, fetch }) => {
    const ask = async (path: string, body: unknown): Promise<unknown> => {
      const answer = await fetch.fetch(`${account.config.apiBase}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-process': String(process.pid) },
        body: JSON.stringify(body),
        // Longer than a lease: a process that was held up still gets its answer.
        timeoutMs: 60_000,
      });
      return JSON.parse(answer.body.toString('utf8'));
    };
    return {
      pullEveryMs: 20,
      pull: async (cursor) => {
        const page = Page.parse(await ask('/pull', { cursor: cursor ?? '0' }));
        const events = page.events.map(({ id, from, text }) => ({
          type: 'message.received' as const,
          data: {
            remoteConversationId: from,
            contact: { remoteId: from },
            remoteId: id,
            content: { kind: 'text' as const, text },
            sentAt: new Date().toISOString(),
          },
        }));
        return { events, cursor: page.cursor, more: page.more };
      },
      send: async (message) => z.object({ remoteId: z.string() }).parse(await ask('/send', message)),
    };
  },
});

void runService({
  name: APP,
  modules: (config) => [
    StorageModule.forRoot({ prefix: PREFIX, schemas: [connectorSchema(PREFIX), ...busSchemas(config, PREFIX)] }),
    BusModule.forRoot(),
    ConnectorHostModule.forRoot({ app: APP, connectors: [toy] }),
  ],
  strategy: (app) => app.get(BusServer),
});
