import { ConnectorError, GuardedFetchError } from '@huiliu/connector-kit';
import { AppError } from '@huiliu/platform';

/** In both languages: an account's status is read by whoever set it up. */
const both = (zh: string, en: string): string => `${zh} ${en}`;

interface Thrown {
  readonly code?: string;
  /** Of the system, where the SMTP client puts its own in its place. */
  readonly originalCode?: string;
  readonly message?: string;
  /** SMTP. */
  readonly responseCode?: number;
  readonly response?: unknown;
  /** IMAP. */
  readonly responseText?: string;
  readonly responseStatus?: string;
  readonly serverResponseCode?: string;
  readonly authenticationFailed?: boolean;
  readonly mailboxMissing?: boolean;
}

const CERTIFICATES: Readonly<Record<string, readonly [string, string]>> = {
  CERT_HAS_EXPIRED: ['的证书已过期：请让邮箱服务商更新证书。', 'shows an expired certificate: have it renewed.'],
  CERT_NOT_YET_VALID: [
    '的证书尚未生效：请检查两边的时钟。',
    'shows a certificate that is not valid yet: check the clocks.',
  ],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    '的证书是自签的：请换用受信任的证书。',
    'shows a self-signed certificate: use a trusted one.',
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    '的证书是自签的：请换用受信任的证书。',
    'shows a self-signed certificate: use a trusted one.',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['的证书链不完整。', 'shows a certificate without its chain.'],
  UNABLE_TO_GET_ISSUER_CERT: ['的证书链不完整。', 'shows a certificate without its chain.'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['的证书不受信任。', 'shows a certificate that is not trusted.'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    '的证书不是发给这个域名的：请检查服务器地址。',
    'shows a certificate for another name: check the host.',
  ],
};
const NOT_TLS = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);
const TIMEOUTS = new Set(['ETIMEDOUT', 'ETIMEOUT', 'CONNECT_TIMEOUT', 'GREETING_TIMEOUT', 'UPGRADE_TIMEOUT']);

/** What went wrong on the way to a server, before it said anything; null where that is not it. */
function connectionError(error: unknown, host: string): ConnectorError | null {
  if (error instanceof ConnectorError) return error;
  if (error instanceof GuardedFetchError)
    return error.failure === 'refused'
      ? trouble('rejected', 'address_refused', error, [
          `${host} 不在公网上，不允许连接：自建邮箱请由管理员加入 OUTBOUND_ALLOW。`,
          `${host} is not on the public internet and is not connected to: for a server of your own, have its address added to OUTBOUND_ALLOW.`,
        ])
      : trouble('transient', 'unknown_host', error, [
          `找不到服务器 ${host}：请检查地址。`,
          `The server ${host} is not found: check its name.`,
        ]);
  const { message = '', ...thrown } = error as Thrown;
  const code = thrown.originalCode ?? thrown.code ?? '';
  const certificate = CERTIFICATES[code];
  if (certificate !== undefined)
    return trouble('rejected', code, error, [`${host} ${certificate[0]}`, `${host} ${certificate[1]}`]);
  if (NOT_TLS.has(code) || /wrong version number/i.test(message))
    return trouble('rejected', 'not_tls', error, [
      `${host} 在这个端口上不说 TLS：请检查端口和 TLS 开关。`,
      `${host} does not speak TLS at this port: check port and TLS.`,
    ]);
  if (TIMEOUTS.has(code))
    return trouble('transient', 'timeout', error, [
      `${host} 没有应答：请检查端口；若是对方繁忙，会自动重试。`,
      `${host} does not answer: check the port; if it is only busy, this is tried again by itself.`,
    ]);
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return trouble('transient', code, error, [
      `连不上 ${host}：请检查端口，或对方是否在维护；会自动重试。`,
      `No connection to ${host}: check the port, or whether it is down; this is tried again by itself.`,
    ]);
  return null;
}

/** What an IMAP server said or did not say. Everything is tried again, slower each time; nothing of the mailbox is skipped. */
export function imapError(error: unknown, host: string): ConnectorError {
  const known = connectionError(error, host);
  if (known !== null) return known;
  if (error instanceof AppError) return new ConnectorError('transient', error.code, error.message, { cause: error });
  const { code, serverResponseCode = '', responseText, response, message = '', ...rest } = error as Thrown;
  const words = responseText ?? (typeof response === 'string' ? response : message);
  if (
    rest.authenticationFailed === true &&
    !['UNAVAILABLE', 'INUSE', 'SERVERBUG', 'LIMIT'].includes(serverResponseCode)
  )
    return trouble('auth', serverResponseCode || 'AUTHENTICATIONFAILED', error, [
      `${host} 拒绝登录（${words}）：请检查用户名和密码；QQ、163 等邮箱要用授权码，并开启 IMAP。`,
      `${host} refuses the login (${words}): check user and password; some providers want an authorisation code, and IMAP switched on.`,
    ]);
  if (rest.mailboxMissing === true || serverResponseCode === 'NONEXISTENT')
    return trouble('rejected', 'no_folder', error, [
      `邮箱里没有这个文件夹（${words}）。`,
      `The mailbox has no such folder (${words}).`,
    ]);
  if (serverResponseCode === 'OVERQUOTA')
    return trouble('transient', 'OVERQUOTA', error, [
      `邮箱已满（${words}）：请清理邮箱。`,
      `The mailbox is full (${words}): make room in it.`,
    ]);
  return trouble('transient', serverResponseCode || code || 'closed', error, [
    `与 ${host} 的连接断了（${words}），会自动重连。`,
    `The connection to ${host} broke (${words}); it is made again by itself.`,
  ]);
}

/**
 * What an SMTP server said of a mail: 4xx is tried again, 5xx is final, with its own words. `handedOver`: the whole mail had been given to
 * it, so that without an answer nobody knows whether it went out.
 */
export function smtpError(error: unknown, host: string, handedOver: boolean): ConnectorError {
  const { code = '', responseCode, response, message = '' } = error as Thrown;
  if (responseCode === undefined || responseCode === 0) {
    if (handedOver)
      return trouble('outcome_unknown', code || 'closed', error, [
        `${host} 收下邮件后没有应答：不知道是否已发出。`,
        `${host} took the mail and did not answer: whether it went out is not known.`,
      ]);
    if (error instanceof AppError)
      return new ConnectorError(error.status >= 500 ? 'transient' : 'rejected', error.code, error.message, {
        cause: error,
      });
    const known = connectionError(error, host);
    if (known !== null) return known;
    if (code === 'EENVELOPE' || code === 'EMESSAGE')
      return new ConnectorError('rejected', code, message, { cause: error });
    if (code === 'EAUTH') return refusedLogin(error, host, message);
    return trouble('transient', code || 'closed', error, [
      `与 ${host} 的连接断了，会自动重试。`,
      `The connection to ${host} broke; this is tried again by itself.`,
    ]);
  }
  const words = typeof response === 'string' && response !== '' ? response : message;
  if (responseCode >= 400 && responseCode < 500)
    return new ConnectorError('transient', statusOf(words, responseCode), words, { cause: error });
  if (code === 'EAUTH' || responseCode === 530 || responseCode === 535) return refusedLogin(error, host, words);
  return new ConnectorError('rejected', statusOf(words, responseCode), words, { cause: error });
}

/** Whether it is the account that is wrong, and not the one mail. */
export const isAccountTrouble = (error: ConnectorError): boolean =>
  error.kind === 'auth' || error.code === 'address_refused' || error.code === 'not_tls' || error.code in CERTIFICATES;

function refusedLogin(error: unknown, host: string, words: string): ConnectorError {
  return trouble('auth', 'login_refused', error, [
    `${host} 拒绝登录（${words}）：请检查发信的用户名和密码；QQ、163 等邮箱要用授权码。`,
    `${host} refuses the login (${words}): check user and password for sending; some providers want an authorisation code.`,
  ]);
}

/** The enhanced status (RFC 3463) where the server gives one. */
function statusOf(words: string, responseCode: number): string {
  return /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(words)?.[1] ?? String(responseCode);
}

function trouble(
  kind: ConnectorError['kind'],
  code: string,
  cause: unknown,
  [zh, en]: readonly [string, string],
): ConnectorError {
  return new ConnectorError(kind, code, both(zh, en), { cause });
}
