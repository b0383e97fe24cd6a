import type { ChannelPlan } from '../cases';
import { wechatOfficial } from './wechat-official';
import { wechaty } from './wechaty';

/** Every channel whose platform the sandbox plays. */
export const PLANS: readonly ChannelPlan[] = [wechatOfficial, wechaty];
