import type { Platform } from './platform';
import { wechatOfficial } from './wechat-official/wechat-official';
import { wechaty } from './wechaty/wechaty';

/** Every platform that the sandbox plays. */
export const PLATFORMS: readonly Platform[] = [wechatOfficial, wechaty];
