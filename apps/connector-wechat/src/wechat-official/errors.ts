import { callErrors, type ConnectorError, type Meaning, refusalOf } from '@huiliu/connector-kit';
import { entryOf } from '@huiliu/wire';

const auth = (says: string): Meaning => ({ kind: 'auth', says });
const rejected = (says: string): Meaning => ({ kind: 'rejected', says });
const windowClosed = (says: string): Meaning => ({ kind: 'window_closed', says });

/** A minute's quota is full again within it. */
const MINUTE_QUOTA_MS = 10_000;
const DAY_MS = 24 * 3600_000;

/** Of the platform's own accounts of agents (61450 to 61459): ours are not among them, so that these come only of what was set up there. */
const AGENT_ACCOUNT = Object.fromEntries(
  Array.from({ length: 10 }, (_, n) => [61450 + n, rejected('公众平台的客服账号设置有误')]),
);

/** The platform's codes in our terms. Source: developers.weixin.qq.com, 全局返回码. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  '-1': { kind: 'transient', says: '微信系统繁忙' },
  45011: { kind: 'rate_limited', says: '接口调用太频繁', retryAfterMs: MINUTE_QUOTA_MS },
  45009: { kind: 'rate_limited', says: '接口今日调用次数已达上限，明天再试', retryAfterMs: DAY_MS },
  40001: auth('access_token 无效或 AppSecret 有误'),
  40014: auth('access_token 不合法'),
  41001: auth('缺少 access_token'),
  42001: auth('access_token 已过期'),
  40013: auth('AppID 不合法，请检查账号配置'),
  40125: auth('AppSecret 不合法，请检查账号配置'),
  40164: auth('本服务器的 IP 不在公众号的白名单中'),
  45015: windowClosed('超出可回复的时间，客户再次发来消息后才能回复'),
  45047: windowClosed('可回复的条数已用完，客户再次发来消息后才能回复'),
  40003: rejected('openid 不合法'),
  40007: rejected('媒体文件不存在或已过期'),
  40008: { kind: 'unsupported', says: '不支持的消息类型' },
  40033: rejected('消息里有平台不接受的字符'),
  43004: rejected('客户没有关注公众号'),
  43019: rejected('客户在黑名单中'),
  45002: rejected('消息太长'),
  47001: rejected('请求的格式有误'),
  48001: rejected('公众号没有这个接口的权限'),
  48002: rejected('客户拒收公众号的消息'),
  48004: rejected('接口被封禁，请登录公众平台查看'),
  // Not confirmed with a real account: all of them say that the typing state or the command cannot be taken now.
  45072: rejected('输入状态的指令不对'),
  45080: rejected('客户近 30 秒没有动作，不能显示输入状态'),
  45081: rejected('已经在显示输入状态'),
  ...AGENT_ACCOUNT,
};

/** What an `errcode` means to us. One that is not known is a refusal: the platform answered, so nothing was sent. */
export function errorOf(errcode: string, errmsg: string): ConnectorError {
  return refusalOf(entryOf(MEANINGS, errcode) ?? rejected('微信拒绝了请求'), errcode, errmsg);
}

export const { errorOfStatus, errorOfFetch } = callErrors('微信');
