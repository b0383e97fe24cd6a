import fc from 'fast-check';
import { newId } from '@huiliu/platform';
import { messageIdFor, plusAddress, readOwnMessageId, readPlusToken } from './message-ids';

const secret = 'a secret of this deployment';
const key = newId();
const conversationId = newId();
const domain = 'shop.example.com.cn';
const make = (part = ''): string => messageIdFor({ key: key + part, conversationId, domain, secret });

describe('our own Message-IDs', () => {
  it('say which message and conversation they are of, and are the same for the same message', () => {
    expect(make()).toBe(make());
    expect(readOwnMessageId(make(), secret)).toEqual({ messageId: key, conversationId, part: 1 });
    expect(readOwnMessageId(make('.7'), secret)).toEqual({ messageId: key, conversationId, part: 7 });
    expect(make('.1')).toBe(make());
    expect(make('.2')).not.toBe(make());
  });

  it('are short, of the letters that ids may have, and under the domain of the account', () => {
    expect(make('.999').length).toBeLessThanOrEqual(120);
    expect(messageIdFor({ key, conversationId, domain: 'd'.repeat(44), secret }).length).toBeLessThanOrEqual(120);
    expect(make()).toMatch(/^<[a-z0-9.]+@shop\.example\.com\.cn>$/);
    expect(messageIdFor({ key, conversationId, domain: 'x>\r\nBcc: a@b', secret })).not.toMatch(/[\r\n\s]|>./);
  });

  it('are read without brackets and in any letter case', () => {
    for (const form of [make().slice(1, -1), make().toUpperCase(), ` ${make()} `])
      expect(readOwnMessageId(form, secret)).toMatchObject({ messageId: key, conversationId });
  });

  it('are told from every other id', () => {
    const id = make();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: id.indexOf('@') - 1 }),
        fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyz.'),
        (at, letter) => {
          fc.pre(id[at] !== letter);
          expect(readOwnMessageId(id.slice(0, at) + letter + id.slice(at + 1), secret)).toBeNull();
        },
      ),
      { numRuns: 500 },
    );
    expect(readOwnMessageId(id, 'another secret')).toBeNull();
    const other = messageIdFor({ key, conversationId: newId(), domain, secret });
    expect(readOwnMessageId(id.replace(/\.[^.]{16}@/, /\.[^.]{16}@/.exec(other)?.[0] ?? ''), secret)).toBeNull();
    fc.assert(fc.property(fc.string(), (anything) => expect(readOwnMessageId(anything, secret)).toBeNull()));
  });

  it('are not made of ids that are none', () => {
    expect(() => messageIdFor({ key: 'x', conversationId, domain, secret })).toThrow();
    expect(() => messageIdFor({ key, conversationId: '../x', domain, secret })).toThrow();
  });
});

describe('plus addresses', () => {
  const ours = 'Support@Shop.cn';
  const plus = plusAddress(ours, conversationId, secret) as string;

  it('lead back to their conversation, whatever else the mail was sent to', () => {
    expect(plus).toMatch(/^Support\+[0-9a-z]{38}@shop\.cn$/);
    for (const form of [plus, plus.toUpperCase(), plus.toLowerCase()])
      expect(readPlusToken(['x@y.cn', 'support@shop.cn', form], ours, secret)).toBe(conversationId);
  });

  it('keep to 64 characters before the @, or are not made', () => {
    expect(plusAddress(`${'a'.repeat(25)}@shop.cn`, conversationId, secret)?.indexOf('@')).toBe(64);
    expect(plusAddress(`${'a'.repeat(26)}@shop.cn`, conversationId, secret)).toBeNull();
    expect(plusAddress('no address', conversationId, secret)).toBeNull();
  });

  it('are told from forged ones, and from those of other accounts', () => {
    expect(readPlusToken([plus], ours, 'another secret')).toBeNull();
    expect(readPlusToken([plus], 'sales@shop.cn', secret)).toBeNull();
    expect(readPlusToken([plus.replace('shop.cn', 'evil.cn')], ours, secret)).toBeNull();
    expect(readPlusToken([plus.replace(/.@/, (end) => (end[0] === '0' ? '1@' : '0@'))], ours, secret)).toBeNull();
    const id = messageIdFor({ key, conversationId, domain, secret });
    expect(readPlusToken([`support+${id.slice(1, 39)}@shop.cn`], ours, secret)).toBeNull();
    fc.assert(fc.property(fc.array(fc.emailAddress()), (any) => expect(readPlusToken(any, ours, secret)).toBeNull()));
  });
});
