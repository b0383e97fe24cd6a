import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import type { Config } from '@huiliu/platform';
import type { Platform } from '../platform';
import { PersonalAccount } from './personal-account';

/** Where a personal WeChat is played: an address on loopback that is kept for this. */
export function playedEndpoint(config: Readonly<Record<string, unknown>>, suite: Config): boolean {
  const { endpoint } = config;
  return suite.sandboxPuppetPorts.some((port) => endpoint === `127.0.0.1:${port}`);
}

/** Personal WeChats behind a puppet service. */
export const wechaty: Platform = {
  channel: 'wechaty',
  name: { zh: '个人微信', en: 'Personal WeChat' },
  signature: [],
  register: () => ({ puppet: 'wechaty-puppet-service', token: `insecure_${randomUUID()}` }),
  reach: {
    // One port each; the first that no account has, nor any other program.
    give: async (suite, accounts) => {
      const taken = new Set(accounts.map(({ endpoint }) => endpoint));
      for (const port of suite.sandboxPuppetPorts) {
        const endpoint = `127.0.0.1:${port}`;
        if (!taken.has(endpoint) && (await isFree(port))) return { endpoint };
      }
      return null;
    },
    isHere: playedEndpoint,
  },
  open: (account) => new PersonalAccount(account),
  stranger: () => ({ status: 404, headers: { 'content-type': 'text/plain' }, body: '' }),
};

/** Whether one can listen there now: another program may, or may have a connection that goes out of it. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
