import { callErrors, type ConnectorError, type ErrorKind, type Meaning, refusalOf } from '@huiliu/connector-kit';
import { entryOf } from '@huiliu/wire';

const auth = (says: string): Meaning => ({ kind: 'auth', says });
const rejected = (says: string): Meaning => ({ kind: 'rejected', says });
const windowClosed = (says: string): Meaning => ({ kind: 'window_closed', says });

/** How long calls rest after the platform said that they are too many. */
const REST_MS = 10_000;

/** The platform's codes in our terms. Source: developer.work.weixin.qq.com/document/path/90313, 全局错误码. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  '-1': { kind: 'transient', says: '企业微信系统繁忙' },
  45009: { kind: 'rate_limited', says: '接口调用太频繁', retryAfterMs: REST_MS },
  45033: { kind: 'rate_limited', says: '接口并发调用太多', retryAfterMs: 1_000 },
  40014: auth('access_token 不合法'),
  41001: auth('缺少 access_token'),
  42001: auth('access_token 已过期'),
  40001: rejected('Secret 不正确，请检查账号配置'),
  40013: rejected('CorpID 不正确，请检查账号配置'),
  48002: rejected('应用没有这个接口的权限，请在企业微信的“可调用接口的应用”里加上它'),
  60020: rejected('本服务器的 IP 不在应用的可信 IP 中'),
  40004: rejected('媒体文件类型不合法'),
  40006: rejected('媒体文件大小不合法'),
  40007: rejected('媒体文件不存在或已过期'),
  40008: { kind: 'unsupported', says: '不支持的消息类型' },
  40058: rejected('参数不合法'),
  40096: rejected('客户 ID（external_userid）不合法'),
  44004: rejected('消息内容是空的'),
  45002: rejected('消息太长'),
  47001: rejected('请求的格式有误'),
  84061: rejected('客户不是企业的外部联系人'),
  95000: rejected('客服账号 ID（open_kfid）不合法'),
  95001: windowClosed('可回复的条数已用完，客户再次发来消息后才能回复'),
  95014: rejected('接待人员没有激活，或没有在接待'),
  95018: rejected('会话不在可由接口回复的状态'),
};

export const isListed = (code: string): boolean => Object.hasOwn(MEANINGS, code);

/** What an `errcode` means to us. One that is not known is a refusal: the platform answered, so nothing was done. */
export function errorOf(errcode: string, errmsg: string): ConnectorError {
  return refusalOf(entryOf(MEANINGS, errcode) ?? rejected('企业微信拒绝了请求'), errcode, errmsg);
}

export const { errorOfStatus, errorOfFetch } = callErrors('企业微信');

/** Why something that was taken did not arrive, by `fail_type`. Source: developer.work.weixin.qq.com/document/path/94670. */
const FAILURES: Readonly<Record<string, Meaning>> = {
  0: rejected('企业微信没有说明原因'),
  1: rejected('客服账号已删除'),
  2: rejected('应用已关闭'),
  4: windowClosed('会话已过期：距客户上次发来消息超过 48 小时'),
  5: windowClosed('会话已结束，客户再次发来消息后才能回复'),
  6: windowClosed('可回复的条数已用完，客户再次发来消息后才能回复'),
  7: rejected('企业没有绑定视频号'),
  8: rejected('企业没有认证'),
  9: rejected('企业没有绑定视频号，也没有认证'),
  10: rejected('客户拒收消息'),
};

export function failureOf(failType: string): { kind: ErrorKind; code: string; message: string } {
  const { kind, says } = entryOf(FAILURES, failType) ?? rejected('企业微信没有送达');
  return { kind, code: `fail_type_${failType.slice(0, 32)}`, message: says };
}
