import type { Platform } from './platform';
import { wechatOfficial } from './wechat-official/wechat-official';

/** Every platform that the sandbox plays. */
export const PLATFORMS: readonly Platform[] = [wechatOfficial];
