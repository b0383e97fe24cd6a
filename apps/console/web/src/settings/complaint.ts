import type { TFunction } from 'i18next';

const BOUNDS = /^Too (small|big): expected (\w+) to (?:have|be) [<>]=?\s*(-?\d+)/;

/** What the server says of one input, in the page's language as far as it is of a known form. */
export function complaintOf(t: TFunction, said: string): string {
  const bounds = BOUNDS.exec(said);
  if (bounds) {
    const [, side, what, n] = bounds;
    const low = side === 'small';
    if (what === 'string') return t(low ? 'settings.tooShort' : 'settings.tooLong', { n });
    if (what === 'number') return t(low ? 'settings.tooLow' : 'settings.tooHigh', { n });
  }
  // A pattern tells a person nothing; the note under the input does.
  return /must match pattern|^Invalid /i.test(said) ? t('settings.badFormat') : said;
}
