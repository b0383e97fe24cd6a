import { decodeTime, isValid } from 'ulid';
import { newId } from './ids';

test('a new id is a ULID of now, and no two are the same', () => {
  const before = Date.now();
  const ids = Array.from({ length: 20_000 }, newId);
  const after = Date.now();
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every(isValid)).toBe(true);
  expect(ids.every((id) => decodeTime(id) >= before && decodeTime(id) <= after)).toBe(true);
  // Each letter of chance takes every value.
  for (let at = 10; at < 26; at++) expect(new Set(ids.map((id) => id[at])).size).toBe(32);
});
