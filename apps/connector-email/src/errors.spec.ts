import { imapError, smtpError } from './errors';

const failure = (over: object): Error => Object.assign(new Error('Command failed'), over);

describe('what a mail server says', () => {
  it.each([
    [
      'a full mailbox',
      { serverResponseCode: 'OVERQUOTA', responseText: 'Quota exceeded' },
      'transient',
      'OVERQUOTA',
      /邮箱已满（Quota exceeded）.*mailbox is full \(Quota exceeded\)/,
    ],
    [
      'a refused login',
      { authenticationFailed: true, responseText: 'no' },
      'auth',
      'AUTHENTICATIONFAILED',
      /授权码.*password/,
    ],
    [
      'a login that is refused for now',
      { authenticationFailed: true, serverResponseCode: 'UNAVAILABLE', responseText: 'later' },
      'transient',
      'UNAVAILABLE',
      /自动重连.*by itself/,
    ],
    ['a folder that is not there', { mailboxMissing: true }, 'rejected', 'no_folder', /文件夹.*folder/],
    ['an expired certificate', { code: 'CERT_HAS_EXPIRED' }, 'rejected', 'CERT_HAS_EXPIRED', /已过期.*expired/],
    ['no greeting', { code: 'GREETING_TIMEOUT' }, 'transient', 'timeout', /没有应答.*does not answer/],
  ] as const)('on reading: %s', (_name, error, kind, code, text) => {
    const known = imapError(failure(error), 'imap.example');
    expect([known.kind, known.code]).toEqual([kind, code]);
    expect(known.message).toMatch(text);
  });

  it.each([
    [
      'a recipient whose mailbox is full for now',
      { responseCode: 452, response: '452 4.2.2 mailbox full' },
      false,
      'transient',
      '4.2.2',
    ],
    [
      'a recipient whose mailbox is full',
      { responseCode: 552, response: '552 5.2.2 mailbox full' },
      false,
      'rejected',
      '5.2.2',
    ],
    ['a mail that is too large', { responseCode: 552, response: '552 too big' }, false, 'rejected', '552'],
    ['a refused login', { code: 'EAUTH', responseCode: 535, response: '535 5.7.8 no' }, false, 'auth', 'login_refused'],
    ['silence after the mail', { code: 'ETIMEDOUT' }, true, 'outcome_unknown', 'ETIMEDOUT'],
    ['silence before it', { code: 'ETIMEDOUT' }, false, 'transient', 'timeout'],
  ] as const)('on sending: %s', (_name, error, handedOver, kind, code) => {
    const known = smtpError(failure(error), 'smtp.example', handedOver);
    expect([known.kind, known.code]).toEqual([kind, code]);
  });
});
