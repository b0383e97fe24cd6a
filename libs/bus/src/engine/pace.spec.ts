import { Pace } from './pace';

it('keeps beginnings apart, and nobody who comes after a quiet time', () => {
  jest.useFakeTimers();
  const pace = new Pace();
  expect(pace.waitMs(5)).toBe(0);
  pace.begin();
  expect([pace.waitMs(5), pace.waitMs(200)]).toEqual([5, 200]);
  jest.advanceTimersByTime(3);
  expect(pace.waitMs(5)).toBe(2);
  jest.advanceTimersByTime(2);
  expect(pace.waitMs(5)).toBe(0);
  jest.useRealTimers();
});
