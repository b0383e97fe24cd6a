import type { ApiAnswer } from '../platform';

/** What the real platform says beside its codes. Source: developer.work.weixin.qq.com/document/path/90313, 全局错误码. */
const TEXTS: Readonly<Record<number, string>> = {
  [-1]: 'system busy',
  40001: 'invalid credential',
  40004: 'invalid media type',
  40005: 'invalid type',
  40006: 'invalid media size',
  40007: 'invalid media_id',
  40008: 'invalid message type',
  40013: 'invalid corpid',
  40014: 'invalid access_token',
  40058: 'invalid Request Parameter',
  40096: 'invalid external userid',
  41001: 'access_token missing',
  41005: 'media data missing',
  42001: 'access_token expired',
  44004: 'content empty',
  45002: 'content size out of limit',
  45009: 'api freq out of limit',
  45033: 'api concurrent out of limit',
  47001: 'data format error',
  48002: 'API forbidden',
  95000: 'invalid open_kfid',
  95001: 'send msg count limit',
  95007: 'invalid msg token',
  95014: 'servicer not active',
  95018: 'send msg session status invalid',
};

/**
 * The real codes of these are not published: numbers of the sandbox's own stand for them, which no connector may know by heart.
 */
export const UNPUBLISHED = {
  duplicateMsgid: 95901,
  badCursor: 95902,
  forbiddenTransfer: 95903,
  usedCode: 95904,
} as const;
const UNPUBLISHED_TEXTS: Readonly<Record<number, string>> = {
  [UNPUBLISHED.duplicateMsgid]: 'duplicated msgid',
  [UNPUBLISHED.badCursor]: 'invalid cursor',
  [UNPUBLISHED.forbiddenTransfer]: 'service state transfer not allowed',
  [UNPUBLISHED.usedCode]: 'invalid code',
};

function json(value: unknown): ApiAnswer {
  return { status: 200, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(value) };
}

export const refusal = (errcode: number): ApiAnswer => {
  const text = TEXTS[errcode] ?? UNPUBLISHED_TEXTS[errcode] ?? 'error';
  const hint = 'hint: [1764201600000000000000000], from ip: 127.0.0.1';
  return json({
    errcode,
    errmsg: `${text}, ${hint}, more info at https://open.work.weixin.qq.com/devtool/query?e=${errcode}`,
  });
};
export const ok = (more: Readonly<Record<string, unknown>> = {}): ApiAnswer =>
  json({ errcode: 0, errmsg: 'ok', ...more });
