import { waitOf } from './wait';

const since = '2026-11-23T12:00:00.000Z';
const after = (seconds: number) => waitOf(since, Date.parse(since) + seconds * 1000);

describe('waitOf', () => {
  it.each([
    [0, 'calm', 'clock', '0:00'],
    [59, 'calm', 'clock', '0:59'],
    [60, 'soon', 'clock', '1:00'],
    [179, 'soon', 'clock', '2:59'],
    [180, 'late', 'clock', '3:00'],
    [3599, 'late', 'clock', '59:59'],
    [3600, 'late', 'hours', '1'],
    [48 * 3600, 'late', 'days', '2'],
  ])('after %i s is %s', (seconds, level, unit, value) => {
    expect(after(seconds)).toEqual({ level, unit, value });
  });

  it('never shows less than nothing when the clocks differ', () => {
    expect(after(-30).value).toBe('0:00');
  });
});
