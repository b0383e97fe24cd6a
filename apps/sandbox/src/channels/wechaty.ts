import { playedEndpoint } from '../platforms/wechaty/wechaty';
import type { SandboxChannel } from './channel';

const CHANNEL = 'wechaty';

/** The personal WeChat, on a friend's phone. */
export const wechatyPhone: SandboxChannel = {
  channel: CHANNEL,
  name: { zh: '个人微信', en: 'Personal WeChat' },
  registers: true,
  pageOf: ({ id, config }, suite) =>
    playedEndpoint(config, suite) ? `./phone.html?channel=${CHANNEL}&account=${id}` : null,
  help: () => ({
    zh: '还没有在沙盒里试用的个人微信：以管理员登录坐席页面，在「设置 › 渠道账号」里点「在沙盒里试用」，选择「个人微信」。',
    en: "No personal WeChat is played here yet: log in to the agents' page as admin and choose Personal WeChat under Settings › Accounts › Try in the sandbox.",
  }),
};
