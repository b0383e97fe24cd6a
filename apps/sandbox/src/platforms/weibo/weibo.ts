import { randomBytes, randomInt } from 'node:crypto';
import type { Platform } from '../platform';
import { refusal } from './answers';
import { WeiboAccount } from './weibo-account';
import { World } from './world';

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** By account: a new token or secret changes nothing of what was said. */
const worlds = new Map<string, World>();

/** Weibo's servers: m.api, c.api, api and upload.api.weibo.com. */
export const weibo: Platform = {
  channel: 'weibo',
  name: { zh: '微博', en: 'Weibo' },
  signature: ['signature'],
  register: () => ({
    appKey: String(randomInt(1_000_000_000, 4_000_000_000)),
    appSecret: hex(16),
    accessToken: `2.00${hex(14)}`,
    uid: String(randomInt(5_000_000_000, 7_000_000_000)),
    // Somebody who tries it does not want to wait.
    pollSeconds: 2,
  }),
  open: (account) => {
    const uid = String(account.config.uid);
    const key = `${account.id} ${uid}`;
    const world = worlds.get(key) ?? new World({ uid: BigInt(/^\d{1,19}$/.test(uid) ? uid : 0), name: '我们的微博' });
    worlds.set(key, world);
    return new WeiboAccount(account, world);
  },
  stranger: (call) => refusal(21332, call),
};
