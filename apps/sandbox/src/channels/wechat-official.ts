import type { SandboxChannel } from './channel';

/** The official account, in a customer's phone. */
export const wechatOfficialPhone: SandboxChannel = {
  channel: 'wechat-official',
  name: { zh: '微信公众号', en: 'WeChat official account' },
  registers: true,
  pageOf: (accountId) => `./phone.html?channel=wechat-official&account=${accountId}`,
};
