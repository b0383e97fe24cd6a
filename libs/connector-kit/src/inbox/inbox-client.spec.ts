import { createHook } from 'node:async_hooks';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { eventually } from '@huiliu/testing';
import { InboxClient } from './inbox-client';

const ATTACHMENT = { id: '0'.repeat(26), name: 'a', mime: 'text/plain', size: 1, url: '/a' };

describe('what asks the inbox', () => {
  let server: Server;
  let client: InboxClient;
  beforeEach(async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(ATTACHMENT));
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const inboxUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new InboxClient({ inboxUrl } as never, { token: () => 't' } as never);
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  it('waits no longer for an upload that was answered', async () => {
    const waiting = new Map<number, string>();
    const hook = createHook({
      init: (id, type) => {
        // Those of the client: servers and sockets have timers, too.
        if (type === 'Timeout' && new Error().stack?.includes('inbox-client.ts') === true) waiting.set(id, type);
      },
      destroy: (id) => void waiting.delete(id),
    }).enable();
    try {
      const upload = (): Promise<unknown> =>
        client.upload('u', { stream: Readable.from([Buffer.from('x')]), name: 'a', mime: 'text/plain' });
      const first = upload();
      expect(waiting.size).toBe(1);
      expect(await first).toEqual(ATTACHMENT);
      for (let n = 0; n < 5; n++) await upload();
      await eventually('no timer is left', () => Promise.resolve(waiting.size === 0), 5_000);
    } finally {
      hook.disable();
    }
  });
});
