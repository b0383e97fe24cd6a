import { RateLimits } from './rate-limits';

const RATE = { perMinute: 60, burst: 20 };
let now = 0;
beforeEach(() => {
  now = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => jest.restoreAllMocks());

test('allows the burst, then so many a minute, and says how long to wait', () => {
  const limits = new RateLimits({ rateLimits: true });
  for (let i = 0; i < 20; i++) expect(limits.take('b', 'k', RATE)).toBe(0);
  expect(limits.take('b', 'k', RATE)).toBe(1);
  now += 1000;
  expect(limits.take('b', 'k', RATE)).toBe(0);
  expect(limits.take('b', 'k', RATE)).toBe(1);
  now += 3_600_000;
  for (let i = 0; i < 20; i++) expect(limits.take('b', 'k', RATE)).toBe(0);
  expect(limits.take('b', 'k', RATE)).toBe(1);
});

test('a slow rate says the whole wait', () => {
  const limits = new RateLimits({ rateLimits: true });
  expect(limits.take('b', 'k', { perMinute: 10, burst: 1 })).toBe(0);
  expect(limits.take('b', 'k', { perMinute: 10, burst: 1 })).toBe(6);
});

test('keys and buckets do not share; looking takes nothing', () => {
  const limits = new RateLimits({ rateLimits: true });
  const one = { perMinute: 1, burst: 1 };
  for (let i = 0; i < 5; i++) expect(limits.wait('b', 'k', one)).toBe(0);
  expect(limits.take('b', 'k', one)).toBe(0);
  expect(limits.take('b', 'other', one)).toBe(0);
  expect(limits.take('c', 'k', one)).toBe(0);
  expect(limits.wait('b', 'k', one)).toBe(60);
});

test('forgets the key unused for longest, not the busy one', () => {
  const limits = new RateLimits({ rateLimits: true });
  const one = { perMinute: 1, burst: 1 };
  limits.take('b', 'busy', one);
  for (let i = 0; i < 60_000; i++) {
    limits.take('b', `k${i}`, one);
    if (i % 1000 === 0) expect(limits.take('b', 'busy', one)).toBeGreaterThan(0);
  }
  expect(limits.take('b', 'k0', one)).toBe(0);
  expect(limits.take('b', 'k59999', one)).toBeGreaterThan(0);
});

test('off lets everything through', () => {
  const limits = new RateLimits({ rateLimits: false });
  for (let i = 0; i < 100; i++) expect(limits.take('b', 'k', { perMinute: 1, burst: 1 })).toBe(0);
});
