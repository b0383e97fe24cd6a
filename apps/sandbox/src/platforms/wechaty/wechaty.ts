import { randomUUID } from 'node:crypto';
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
    // One port each; the first that no account has.
    give: (suite, accounts) => {
      const taken = new Set(accounts.map(({ endpoint }) => endpoint));
      const free = suite.sandboxPuppetPorts.map((port) => `127.0.0.1:${port}`).find((one) => !taken.has(one));
      return free === undefined ? null : { endpoint: free };
    },
    isHere: playedEndpoint,
  },
  open: (account) => new PersonalAccount(account),
  stranger: () => ({ status: 404, headers: { 'content-type': 'text/plain' }, body: '' }),
};
