import { randomBytes } from 'node:crypto';
import type { Platform } from '../platform';
import { refusal } from './answers';
import { OfficialAccount } from './official-account';
import { tokenRequest } from './token-request';

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** The WeChat official account's servers: https://api.weixin.qq.com. */
export const wechatOfficial: Platform = {
  channel: 'wechat-official',
  name: { zh: '微信公众号', en: 'WeChat official account' },
  signature: ['signature', 'msg_signature'],
  register: () => ({
    appId: `wx${hex(8)}`,
    appSecret: hex(16),
    token: hex(12),
    encodingAesKey: randomBytes(32).toString('base64').slice(0, 43),
  }),
  open: (account) => new OfficialAccount(account),
  stranger: (call) => {
    if (call.path !== '/cgi-bin/stable_token') return refusal(call.query.get('access_token') ? 40001 : 41001);
    return refusal(tokenRequest(call) === null ? 47001 : 40013);
  },
};
