import type { TFunction } from 'i18next';
import { complaintOf } from './complaint';

const t = ((key: string, values?: { n?: string }) =>
  `${key}${values?.n === undefined ? '' : ` ${values.n}`}`) as TFunction;

test.each([
  ['Too small: expected string to have >=8 characters', 'settings.tooShort 8'],
  ['Too big: expected string to have <=64 characters', 'settings.tooLong 64'],
  ['Too small: expected number to be >=5', 'settings.tooLow 5'],
  ['Too big: expected number to be <=3600', 'settings.tooHigh 3600'],
  ['Invalid string: must match pattern /^a$/', 'settings.badFormat'],
  ['Invalid URL', 'settings.badFormat'],
  ['send every secret again', 'send every secret again'],
])('%s', (said, words) => expect(complaintOf(t, said)).toBe(words));
