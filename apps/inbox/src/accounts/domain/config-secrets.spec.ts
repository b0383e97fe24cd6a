import { destinationChanged, mapSecrets, valueAt, withoutSecrets, withValueAt } from './config-secrets';

const MAIL = {
  address: 'a@b.c',
  imap: { host: 'imap.b.c', port: 993, user: 'a', pass: 'one' },
  smtp: { host: 'smtp.b.c', port: 465, user: 'a', pass: 'two' },
};
const SECRETS = ['imap.pass', 'smtp.pass'];

describe('the secrets of a configuration', () => {
  it('are taken out wherever they stand, and the original stays', () => {
    expect(JSON.stringify(withoutSecrets(MAIL, SECRETS))).not.toMatch(/one|two/);
    expect(MAIL.imap.pass).toBe('one');
  });

  it('are changed where they are, and made nowhere', () => {
    expect(mapSecrets(MAIL, [...SECRETS, 'missing.pass'], (secret) => `<${secret}>`)).toEqual({
      ...MAIL,
      imap: { ...MAIL.imap, pass: '<one>' },
      smtp: { ...MAIL.smtp, pass: '<two>' },
    });
  });

  it('can be put in and read back by path', () => {
    expect(valueAt(withValueAt({}, 'imap.pass', 'x'), 'imap.pass')).toBe('x');
    expect(withValueAt({ a: 1 }, 'imap.pass', undefined)).toEqual({ a: 1 });
    expect(valueAt({ imap: 'not an object' }, 'imap.pass')).toBeUndefined();
    expect(valueAt({}, 'constructor.name')).toBeUndefined();
  });

  it('go elsewhere when a host, a port or an apiBase changes, appears or goes', () => {
    expect(destinationChanged(MAIL, { ...MAIL, address: 'x@b.c' })).toBe(false);
    expect(destinationChanged(MAIL, { ...MAIL, imap: { ...MAIL.imap, host: 'evil' } })).toBe(true);
    expect(destinationChanged(MAIL, { ...MAIL, smtp: { ...MAIL.smtp, port: 25 } })).toBe(true);
    expect(destinationChanged({ appId: 'a' }, { appId: 'a', apiBase: 'http://evil' })).toBe(true);
    expect(destinationChanged({ appId: 'a', apiBase: 'http://old' }, { appId: 'a' })).toBe(true);
    expect(destinationChanged({}, { imap: { host: 'evil' } })).toBe(true);
  });
});
