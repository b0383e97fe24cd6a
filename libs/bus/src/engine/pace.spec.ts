import { Pace } from './pace';

it('keeps beginnings apart, and nobody who comes after a quiet time', () => {
  jest.useFakeTimers();
  const pace = new Pace(5);
  expect(pace.waitMs()).toBe(0);
  pace.begin();
  expect(pace.waitMs()).toBe(5);
  jest.advanceTimersByTime(3);
  expect(pace.waitMs()).toBe(2);
  jest.advanceTimersByTime(2);
  expect(pace.waitMs()).toBe(0);
  jest.useRealTimers();
});
