import type { ChannelPlan } from '../cases';
import { wechatOfficial } from './wechat-official';
import { wecomKf } from './wecom-kf';

/** Every channel whose platform the sandbox plays. */
export const PLANS: readonly ChannelPlan[] = [wechatOfficial, wecomKf];
