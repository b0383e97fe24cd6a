import { addressSet, rangesOf } from '../config/addresses';
import { clientAddress, isLoopback, rateKeyOf } from './client-address';

const trusting = (...entries: string[]) => ({ trusts: addressSet(entries.flatMap((entry) => [...rangesOf(entry)!])) });
const from = (remoteAddress: string, forwarded?: string) => ({
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  socket: { remoteAddress },
});

test.each([
  ['nobody is trusted', from('9.9.9.9', '1.1.1.1'), trusting(), '9.9.9.9'],
  ['an untrusted peer is believed nothing', from('9.9.9.9', '1.1.1.1'), trusting('10.0.0.0/8'), '9.9.9.9'],
  ['a trusted peer names the client', from('10.0.0.1', '1.1.1.1'), trusting('10.0.0.0/8'), '1.1.1.1'],
  [
    'what the client claimed before the proxy is not believed',
    from('10.0.0.1', '6.6.6.6, 1.1.1.1'),
    trusting('10.0.0.0/8'),
    '1.1.1.1',
  ],
  [
    'a chain of trusted proxies is followed',
    from('10.0.0.1', '6.6.6.6, 1.1.1.1, 10.0.0.2'),
    trusting('10.0.0.0/8'),
    '1.1.1.1',
  ],
  ['everyone is trusted: the first', from('127.0.0.1', '127.0.0.1'), trusting('loopback'), '127.0.0.1'],
  ['IPv4 in IPv6 is IPv4', from('::ffff:10.0.0.1', '::ffff:1.1.1.1'), trusting('10.0.0.1'), '1.1.1.1'],
  ['rubbish in the chain ends it', from('10.0.0.1', '1.1.1.1, rubbish'), trusting('10.0.0.0/8'), '10.0.0.1'],
  ['no header', from('10.0.0.1'), trusting('10.0.0.0/8'), '10.0.0.1'],
  ['IPv6 in brackets with a port', from('::1', '[2001:db8::1]:443'), trusting('loopback'), '2001:db8::1'],
])('%s', (_name, request, config, expected) => expect(clientAddress(request, config)).toBe(expected));

test('loopback counts only when nobody stands behind it', () => {
  expect(isLoopback(from('127.0.0.1'))).toBe(true);
  expect(isLoopback(from('::ffff:127.0.0.1'))).toBe(true);
  expect(isLoopback(from('::1'))).toBe(true);
  expect(isLoopback(from('127.0.0.1', '127.0.0.1'))).toBe(false);
  expect(isLoopback(from('10.0.0.1'))).toBe(false);
});

test('limits count an IPv6 customer, not every address of theirs', () => {
  expect(rateKeyOf('1.2.3.4')).toBe('1.2.3.4');
  expect(rateKeyOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(rateKeyOf('2001:0db8:1:2::9')).toBe('2001:db8:1:2::/64');
  expect(rateKeyOf('2001:db8::1')).toBe('2001:db8:0:0::/64');
  expect(rateKeyOf('::1')).toBe('0:0:0:0::/64');
});

test.each([
  ['10.0.0.0/8', '10.255.255.255', '11.0.0.0'],
  ['10.0.0.0/8', '10.0.0.0', '9.255.255.255'],
  ['172.16.0.0/12', '172.31.255.255', '172.32.0.0'],
  ['1.2.3.4/32', '1.2.3.4', '1.2.3.5'],
  ['fc00::/7', 'fdff::1', 'fe00::1'],
  ['0.0.0.0/0', '255.255.255.255', '::1'],
])('%s holds %s and not %s', (cidr, inside, outside) => {
  const holds = addressSet([cidr]);
  expect([holds(inside), holds(outside)]).toEqual([true, false]);
});

test.each(['0x7f.1', '127.1', '010.0.0.1', '1.2.3.4/33', '::/129', 'localhost', '', '/8', '1.2.3.4/', '__proto__'])(
  '"%s" is no range',
  (text) => expect(rangesOf(text)).toBeNull(),
);
