import { createHash } from 'node:crypto';

/** Upper-case hex MD5 of secret + sorted names and values + secret: how Taobao, JD and Pinduoduo sign. */
export function signWithSecretAround(secret: string, params: Readonly<Record<string, string>>): string {
  const names = Object.keys(params).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const text = names.map((name) => name + (params[name] as string)).join('');
  return createHash('md5').update(`${secret}${text}${secret}`, 'utf8').digest('hex').toUpperCase();
}
