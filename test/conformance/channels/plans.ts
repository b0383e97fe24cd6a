import type { ChannelPlan } from '../cases';
import { wechatOfficial } from './wechat-official';
import { weibo } from './weibo';

/** Every channel whose platform the sandbox plays. */
export const PLANS: readonly ChannelPlan[] = [wechatOfficial, weibo];
