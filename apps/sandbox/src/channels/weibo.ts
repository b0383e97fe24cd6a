import { isPlayedHere } from '../platforms/played-accounts';
import type { SandboxChannel } from './channel';

const CHANNEL = 'weibo';

/** A Weibo account, on a fan's phone. */
export const weiboPhone: SandboxChannel = {
  channel: CHANNEL,
  name: { zh: '微博', en: 'Weibo' },
  registers: true,
  pageOf: ({ id, config }) => (isPlayedHere(config, CHANNEL) ? `./phone.html?channel=${CHANNEL}&account=${id}` : null),
  help: () => ({
    zh: '还没有在沙盒里试用的微博账号：以管理员登录坐席页面，在「设置 › 渠道账号」里点「在沙盒里试用」，选择「微博」。',
    en: "No Weibo account is played here yet: log in to the agents' page as admin and choose Weibo under Settings › Accounts › Try in the sandbox.",
  }),
};
