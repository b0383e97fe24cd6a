import { ClockOffset } from './clock-offset';

/** A `Date` header as a server whose clock is `ahead` ms from ours writes it at our time `at`. */
const header = (at: number, ahead: number): string => new Date(Math.floor((at + ahead) / 1000) * 1000).toUTCString();

describe('ClockOffset', () => {
  it('trusts our clock while nothing is known', () => {
    expect(new ClockOffset().serverTime(1000)).toBe(1000);
  });

  it.each([600_000, -600_000, 0, 12_345])('finds an offset of %i ms within half a second', (ahead) => {
    const offset = new ClockOffset();
    const start = 1_795_000_000_000;
    for (let i = 0; i < 20; i++)
      offset.observe(header(start + i * 1370 + 20, ahead), start + i * 1370, start + i * 1370 + 40);
    expect(Math.abs(offset.serverTime(start) - (start + ahead))).toBeLessThan(500);
  });

  it('follows when a clock is set while the page is open', () => {
    const offset = new ClockOffset();
    const start = 1_795_000_000_000;
    offset.observe(header(start, 0), start, start + 30);
    offset.observe(header(start + 5000, 600_000), start + 5000, start + 5030);
    expect(Math.abs(offset.serverTime(start) - (start + 600_000))).toBeLessThan(1000);
  });

  it('ignores answers without a usable header', () => {
    const offset = new ClockOffset();
    offset.observe(null, 0, 10);
    offset.observe('yesterday', 0, 10);
    expect(offset.serverTime(5)).toBe(5);
  });
});
