import { isPlayedHere } from '../platforms/played-accounts';
import type { SandboxChannel } from './channel';

const CHANNEL = 'wecom-kf';

/** WeCom's customer service, on a customer's phone. */
export const wecomKfPhone: SandboxChannel = {
  channel: CHANNEL,
  name: { zh: '微信客服（企业微信）', en: 'WeCom customer service' },
  registers: true,
  pageOf: ({ id, config }) => (isPlayedHere(config, CHANNEL) ? `./phone.html?channel=${CHANNEL}&account=${id}` : null),
  help: () => ({
    zh: '还没有在沙盒里试用的微信客服账号：以管理员登录坐席页面，在「设置 › 渠道账号」里点「在沙盒里试用」，选择「微信客服（企业微信）」。',
    en: "No WeCom account is played here yet: log in to the agents' page as admin and choose WeCom customer service under Settings › Accounts › Try in the sandbox.",
  }),
};
