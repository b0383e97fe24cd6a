import type { Platform } from './platform';
import { wechatOfficial } from './wechat-official/wechat-official';
import { wechaty } from './wechaty/wechaty';
import { wecomKf } from './wecom-kf/wecom-kf';
import { weibo } from './weibo/weibo';

/** Every platform that the sandbox plays. */
export const PLATFORMS: readonly Platform[] = [wechatOfficial, wecomKf, wechaty, weibo];
