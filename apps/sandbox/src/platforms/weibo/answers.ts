import type { ApiAnswer, ApiCall } from '../platform';

/** Code, HTTP status and words as the real platform gives them. Source: open.weibo.com, 错误代码说明. */
const REFUSALS: Readonly<Record<number, readonly [status: number, words: string]>> = {
  10008: [400, 'param error'],
  10009: [503, 'too many pending tasks, system is busy'],
  10014: [403, 'insufficient app permissions'],
  10016: [400, 'miss required parameter'],
  10020: [404, 'request api not found'],
  10021: [405, 'http method is not supported for this request'],
  10023: [403, 'user requests out of rate limit'],
  20003: [400, 'user does not exists'],
  20008: [400, 'content is null'],
  20012: [400, 'text too long, please input text less than 140 characters'],
  20013: [400, 'text too long, please input text less than 300 characters'],
  20015: [403, 'account or ip or app is illegal, can not continue'],
  20019: [400, 'repeat content'],
  20101: [400, 'target weibo does not exist'],
  20201: [400, 'target weibo comment does not exist'],
  21327: [403, 'expired_token'],
  21332: [403, 'invalid_access_token'],
  26403: [403, 'already replied or out of reply time'],
};

export function json(body: string, status = 200): ApiAnswer {
  return { status, headers: { 'content-type': 'application/json;charset=UTF-8' }, body };
}

export function refusal(code: number, call: ApiCall): ApiAnswer {
  const [status, error] = REFUSALS[code] ?? [400, 'error'];
  return json(JSON.stringify({ error, error_code: code, request: call.path }), status);
}

/** JSON in which ids are bare 64-bit numbers. */
export function write(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([name, one]) => `${JSON.stringify(name)}:${write(one)}`)
      .join(',')}}`;
  return JSON.stringify(value);
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

/** "Mon Jul 16 18:09:20 +0800 2012": in Beijing's time, to the second. */
export function dateOf(nowMs: number): string {
  const at = new Date(nowMs + 8 * 3600_000);
  const clock = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':');
  return `${DAYS[at.getUTCDay()]} ${MONTHS[at.getUTCMonth()]} ${two(at.getUTCDate())} ${clock} +0800 ${at.getUTCFullYear()}`;
}
