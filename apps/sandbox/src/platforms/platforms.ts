import type { Platform } from './platform';
import { wechatOfficial } from './wechat-official/wechat-official';
import { weibo } from './weibo/weibo';

/** Every platform that the sandbox plays. */
export const PLATFORMS: readonly Platform[] = [wechatOfficial, weibo];
