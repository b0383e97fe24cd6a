import type { ApiAnswer } from '../platform';

/** What the real platform says beside its codes. Codes: developers.weixin.qq.com, "全局返回码". */
const TEXTS: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  0: 'ok',
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40004: 'invalid media type',
  40005: 'invalid file type',
  40006: 'invalid meida size',
  40007: 'invalid media_id',
  40008: 'invalid message type',
  40013: 'invalid appid',
  40033: 'invalid charset. please check your request, if include \\uxxxx will create fail!',
  40125: 'invalid appsecret',
  41001: 'access_token missing',
  42001: 'access_token expired',
  43004: 'require subscribe',
  44004: 'empty content',
  45002: 'content size out of limit',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  45015: 'response out of time limit or subscription is canceled',
  45047: 'out of response count limit',
  45080: 'client input status not reply within 30s',
  47001: 'data format error',
  48004: 'api forbidden because of abuse',
};

export function json(value: unknown): ApiAnswer {
  return { status: 200, headers: { 'content-type': 'application/json; encoding=utf-8' }, body: JSON.stringify(value) };
}

export const refusal = (errcode: number): ApiAnswer =>
  json({ errcode, errmsg: `${TEXTS[errcode] ?? 'error'} rid: sandbox` });
export const ok = (more: Readonly<Record<string, unknown>> = {}): ApiAnswer =>
  json({ errcode: 0, errmsg: 'ok', ...more });
