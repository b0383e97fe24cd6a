import { callErrors, ConnectorError, type Meaning, refusalOf } from '@huiliu/connector-kit';
import { entryOf } from '@huiliu/wire';

/** The hour's quota frees itself call by call: often enough to notice within the five minutes that a send may wait. */
const QUOTA_MS = 10_000;

const transient = (says: string): Meaning => ({ kind: 'transient', says });
const limited = (says: string): Meaning => ({ kind: 'rate_limited', says, retryAfterMs: QUOTA_MS });
const rejected = (says: string): Meaning => ({ kind: 'rejected', says });
/** Only a person can get a new token: what to do is said in both languages, since it is shown as the account's status. */
const auth = (zh: string, en: string): Meaning => ({
  kind: 'auth',
  says: `${zh}，请在微博粉丝服务的开发者页面（或通过 OAuth2 授权）重新取得 Access Token，并在渠道账号里保存 / ${en}: get a new access token on the developer page of the fans service (or by OAuth2) and save it in this account`,
});
const permission = rejected(
  '应用没有这个接口的权限，请在微博开放平台申请，或改用另一种接口 / The app may not use this interface: apply for it at open.weibo.com, or choose the other interface in this account',
);

/** The platform's codes in our terms. Source: open.weibo.com, 错误代码说明; those of the fans service as seen in use. None is confirmed by a real account. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  10001: transient('微博系统错误'),
  10002: transient('微博服务暂停'),
  10003: transient('微博远程服务错误'),
  10004: rejected('本服务器的 IP 被限制'),
  10005: permission,
  10006: rejected('缺少 App Key'),
  10007: { kind: 'unsupported', says: '不支持的媒体类型' },
  10008: rejected('参数错误'),
  10009: transient('微博系统繁忙'),
  10010: transient('微博任务超时'),
  10011: transient('微博 RPC 错误'),
  10012: rejected('非法请求'),
  10013: rejected('不合法的微博用户'),
  10014: permission,
  10016: rejected('缺少必需的参数'),
  10017: rejected('参数值不合法'),
  10018: rejected('请求太长'),
  10020: rejected('接口不存在'),
  10021: rejected('请求的方法不被支持'),
  10022: limited('本服务器 IP 的请求次数已达上限'),
  10023: limited('账号的请求次数已达上限'),
  10024: limited('账号对这个接口的请求次数已达上限'),
  20003: rejected('用户不存在'),
  20008: rejected('内容为空'),
  20012: rejected('内容太长'),
  20013: rejected('内容太长'),
  20015: rejected('账号、IP 或应用被封禁，请登录微博查看'),
  20016: limited('发布太频繁'),
  20017: rejected('刚刚发过相同的内容'),
  20018: rejected('内容含有非法网址'),
  20019: rejected('刚刚发过相同的内容'),
  20020: rejected('内容含有广告'),
  20021: rejected('内容含有非法信息'),
  20022: rejected('本服务器 IP 的行为异常'),
  20031: rejected('微博要求输入验证码，请登录微博处理'),
  20101: rejected('微博不存在或已被删除'),
  20201: rejected('评论不存在或已被删除'),
  20206: rejected('作者只允许关注的人评论'),
  20207: rejected('作者只允许可信用户评论'),
  21301: auth('认证失败', 'Authentication failed'),
  21314: auth('Access Token 已被使用', 'The access token has been used already'),
  21315: auth('Access Token 已过期', 'The access token has expired'),
  21316: auth('Access Token 已被撤销', 'The access token has been revoked'),
  21317: auth('Access Token 被拒绝', 'The access token was rejected'),
  21319: auth('授权关系已被解除', 'The authorisation has been withdrawn'),
  21327: auth('Access Token 已过期', 'The access token has expired'),
  21332: auth('Access Token 无效', 'The access token is invalid'),
  26403: { kind: 'window_closed', says: '已经回复过，或超出可回复的时间；客户再次发来消息后才能回复' },
};

/** What an `error_code` means to us. One that is not known is a refusal: the platform answered, so nothing was sent. */
export function errorOf(code: string, words: string): ConnectorError {
  return refusalOf(entryOf(MEANINGS, code) ?? rejected('微博拒绝了请求'), code, words);
}

/** 20032: done, and will be seen in a minute or two. */
export const isDoneLate = (code: string): boolean => code === '20032';

/** Codes of an interface that this app may not use at all: nothing was done, and another one may be open. */
const NOT_OPEN: ReadonlySet<string> = new Set(['10005', '10014', '10020', 'http_403', 'http_404']);
export const isNotOpen = (error: unknown): boolean => error instanceof ConnectorError && NOT_OPEN.has(error.code);

/** Whether an interface is closed to this app, and will be until somebody asks the platform for it. */
export const isClosedInterface = (error: unknown): error is ConnectorError =>
  error instanceof ConnectorError && error.kind === 'rejected';

export const { errorOfStatus, errorOfFetch } = callErrors('微博');
