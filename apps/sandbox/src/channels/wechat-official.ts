import { isPlayedHere } from '../platforms/played-accounts';
import type { SandboxChannel } from './channel';

const CHANNEL = 'wechat-official';

/** The official account, on a customer's phone. */
export const wechatOfficialPhone: SandboxChannel = {
  channel: CHANNEL,
  name: { zh: '微信公众号', en: 'WeChat official account' },
  registers: true,
  pageOf: ({ id, config }) => (isPlayedHere(config, CHANNEL) ? `./phone.html?channel=${CHANNEL}&account=${id}` : null),
  help: () => ({
    zh: '还没有在沙盒里试用的公众号：以管理员登录坐席页面，在「设置 › 渠道账号」里点「在沙盒里试用」，选择「微信公众号」。',
    en: "No official account is played here yet: log in to the agents' page as admin and choose WeChat official account under Settings › Accounts › Try in the sandbox.",
  }),
};
