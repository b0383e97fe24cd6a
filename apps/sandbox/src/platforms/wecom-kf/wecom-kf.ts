import { randomBytes } from 'node:crypto';
import type { Platform } from '../platform';
import { KfAccount, stranger } from './kf-account';

const name = (bytes: number): string => randomBytes(bytes).toString('base64url').replace(/[-_]/g, 'A');

/** WeCom's servers as customer service sees them: https://qyapi.weixin.qq.com. */
export const wecomKf: Platform = {
  channel: 'wecom-kf',
  name: { zh: '微信客服（企业微信）', en: 'WeCom customer service' },
  signature: ['msg_signature'],
  pulled: true,
  // A refusal is the receiver's own affair; only who does not answer is asked again.
  triesAgain: 'unanswered',
  register: () => ({
    corpId: `ww${randomBytes(8).toString('hex')}`,
    secret: name(32),
    token: name(18),
    encodingAesKey: randomBytes(32).toString('base64').slice(0, 43),
    openKfId: `wk${name(22)}`,
  }),
  open: (account) => new KfAccount(account),
  stranger,
};
