import type { TFunction } from 'i18next';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A span of time in one rough unit, rounded down: `4 分钟`, `31 小时`, `3 天`. */
export function durationOf(t: TFunction, ms: number): string {
  const span = Math.max(0, ms);
  if (span < HOUR) return t('composer.minutes', { n: Math.floor(span / MINUTE) });
  if (span < 48 * HOUR) return t('composer.hours', { n: Math.floor(span / HOUR) });
  return t('composer.days', { n: Math.floor(span / (24 * HOUR)) });
}
