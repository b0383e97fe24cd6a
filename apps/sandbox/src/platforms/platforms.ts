import type { Platform } from './platform';
import { wechatOfficial } from './wechat-official/wechat-official';
import { wecomKf } from './wecom-kf/wecom-kf';
import { weibo } from './weibo/weibo';

/** Every platform that the sandbox plays. */
export const PLATFORMS: readonly Platform[] = [wechatOfficial, wecomKf, weibo];
