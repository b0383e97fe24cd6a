import { InternalAuth } from './internal-auth';
import { CannotOpen, SecretBox } from './secret-box';

const A = Buffer.alloc(32, 1);
const B = Buffer.alloc(32, 2);
const box = (masterKey: Buffer, ...oldMasterKeys: Buffer[]) => new SecretBox({ masterKey, oldMasterKeys });

test('opens what it sealed, never twice alike', () => {
  const one = box(A);
  for (const text of ['', 'secret', '密钥 🔑', 'x'.repeat(100_000)]) expect(one.open(one.seal(text))).toBe(text);
  expect(one.seal('a')).not.toBe(one.seal('a'));
  expect(one.seal('a')).toMatch(/^enc:v1:[0-9a-f]{8}:[A-Za-z0-9_-]+$/);
  expect(one.isSealed(one.seal('a'))).toBe(true);
  expect(one.isSealed('enc:v2:x')).toBe(false);
});

test('a new master key opens what the old one sealed and seals with the new one', () => {
  const sealed = box(A).seal('secret');
  const rotated = box(B, A);
  expect(rotated.open(sealed)).toBe('secret');
  expect(rotated.isStale(sealed)).toBe(true);
  const anew = rotated.seal('secret');
  expect(rotated.isStale(anew)).toBe(false);
  expect(box(B).open(anew)).toBe('secret');
  expect(() => box(B).open(sealed)).toThrow(CannotOpen);
  expect(() => box(A).open(anew)).toThrow(CannotOpen);
});

test('nothing that was touched opens', () => {
  const one = box(A);
  const sealed = one.seal('secret');
  const touched = [
    ...Array.from(
      { length: sealed.length },
      (_, i) => `${sealed.slice(0, i)}${sealed[i] === 'A' ? 'B' : 'A'}${sealed.slice(i + 1)}`,
    ),
    sealed.slice(0, -1),
    sealed.slice(0, 20),
    `${sealed}AAAA`,
    sealed.replace('enc:v1', 'enc:v2'),
    'secret',
    '',
  ];
  // The last letter carries bits that are not used: changing them changes nothing that is sealed.
  const opened = touched.filter((text) => {
    try {
      return one.open(text) !== 'secret';
    } catch (error) {
      expect(error).toBeInstanceOf(CannotOpen);
      expect(String(error)).not.toContain('secret');
      return false;
    }
  });
  expect(opened).toEqual([]);
});

test('derives one key per purpose, the same everywhere', () => {
  expect(box(A).deriveKey('tokens')).toHaveLength(32);
  expect(box(A).deriveKey('tokens')).toEqual(box(A, B).deriveKey('tokens'));
  expect(box(A).deriveKey('tokens')).not.toEqual(box(A).deriveKey('other'));
  expect(box(B, A).deriveKeys('tokens')).toEqual([box(B).deriveKey('tokens'), box(A).deriveKey('tokens')]);
  expect(box(A).deriveKey('tokens')).not.toEqual(A);
});

test('our processes know each other by the master key, while it is being replaced by either', () => {
  const old = new InternalAuth(box(A));
  const rotated = new InternalAuth(box(B, A));
  expect(old.accepts(old.token())).toBe(true);
  expect(rotated.accepts(old.token())).toBe(true);
  expect(rotated.accepts(rotated.token())).toBe(true);
  expect(old.accepts(rotated.token())).toBe(false);
  for (const wrong of [
    undefined,
    '',
    ' ',
    `${old.token()} `,
    old.token().slice(0, -1),
    `${old.token()}=`,
    [old.token()],
    {},
    null,
  ])
    expect(old.accepts(wrong)).toBe(false);
});
