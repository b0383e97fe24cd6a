import type { SandboxChannel } from './channel';
import { email } from './email';
import { webchat } from './webchat';
import { wechatOfficialPhone } from './wechat-official';
import { wechatyPhone } from './wechaty';
import { wecomKfPhone } from './wecom-kf';
import { weiboPhone } from './weibo';

/** Every channel that a person can play here. */
export const SANDBOX_CHANNELS: readonly SandboxChannel[] = [
  webchat,
  email,
  wechatOfficialPhone,
  wecomKfPhone,
  wechatyPhone,
  weiboPhone,
];
