import type { IconName } from './phone-icons';

type Words = readonly [zh: string, en: string];

/** How one channel looks on the phone: what can happen beside saying something, and how that reads in the thread. */
interface Look {
  readonly acts: readonly {
    readonly event: string;
    readonly key?: string;
    readonly icon: IconName;
    readonly name: Words;
  }[];
  readonly events: Readonly<Record<string, Words>>;
  /** Who has the session, where the platform counts that; by the number of the state. */
  readonly states?: Readonly<Record<number, Words>>;
}

/** Accounts that people follow, and that have a menu. `account`: what it is called. */
const followed = (account: string): Look => ({
  acts: [
    { event: 'follow', icon: 'plus', name: ['关注', 'Follow'] },
    { event: 'unfollow', icon: 'minus', name: ['取消关注', 'Unfollow'] },
    { event: 'scan', key: 'store-7', icon: 'code', name: ['扫码', 'Scan'] },
    { event: 'menu_click', key: 'ORDERS', icon: 'menu', name: ['菜单', 'Menu'] },
  ],
  events: {
    follow: [`你关注了这个${account}`, 'You follow this account'],
    unfollow: ['你取消了关注', 'You do not follow it any more'],
    scan: ['你扫描了二维码', 'You scanned a code'],
    menu_click: ['你点击了菜单', 'You used the menu'],
  },
});

const LOOKS: Readonly<Record<string, Look>> = {
  'wechat-official': followed('公众号'),
  wechaty: {
    acts: [
      { event: 'recall', icon: 'back', name: ['撤回', 'Recall'] },
      { event: 'login', icon: 'code', name: ['商家扫码登录', 'Shop scans in'] },
      { event: 'logout', icon: 'leave', name: ['商家掉线', 'Shop logs out'] },
    ],
    events: { recalled: ['一条消息已撤回', 'A message was recalled'] },
  },
  weibo: followed('账号'),
  'wecom-kf': {
    acts: [
      { event: 'enter_session', key: 'shop', icon: 'enter', name: ['进入会话', 'Enter'] },
      { event: 'recall', icon: 'back', name: ['撤回', 'Recall'] },
      {
        event: 'servicer_answers',
        key: '您好，我在企业微信里回复您',
        icon: 'firm',
        name: ['企业微信回复', 'Answer in WeCom'],
      },
      { event: 'session_ends', icon: 'end', name: ['结束会话', 'End'] },
    ],
    events: {
      enter_session: ['你进入了客服会话', 'You came in'],
      user_recall_msg: ['你撤回了一条消息', 'You recalled a message'],
      session_status_change: ['会话状态有变更', 'The session has changed'],
      msg_send_fail: ['一条回复没有送达', 'An answer did not arrive'],
    },
    states: {
      1: ['坐席接待中', 'with an agent'],
      2: ['在接待池排队', 'waiting in the pool'],
      3: ['企业微信接待中', 'with a servicer in WeCom'],
      4: ['会话已结束', 'ended'],
    },
  },
};

/** A channel that has no look of its own can say things all the same. */
export function lookOf(channel: string): Look {
  return LOOKS[channel] ?? { acts: [], events: {} };
}
