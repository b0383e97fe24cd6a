import { HealthRegistry } from './health-registry';

test('ready when no probe complains; says which do', async () => {
  const health = new HealthRegistry();
  expect(await health.readiness()).toEqual({ status: 'ok', checks: {} });
  health.add('a', () => null);
  const remove = health.add('b', () => Promise.resolve('behind'));
  health.add('c', () => Promise.reject(new Error('private')));
  health.add('d', () => {
    throw new Error('private');
  });
  expect(await health.readiness()).toEqual({
    status: 'unavailable',
    checks: { b: 'behind', c: 'the check itself failed', d: 'the check itself failed' },
  });
  remove();
  health.add('c', () => null);
  health.add('d', () => null);
  expect((await health.readiness()).status).toBe('ok');
});

test('a probe that never answers counts as a complaint', async () => {
  jest.useFakeTimers();
  const health = new HealthRegistry();
  health.add('slow', () => new Promise<null>(() => undefined));
  const readiness = health.readiness();
  await jest.advanceTimersByTimeAsync(2000);
  jest.useRealTimers();
  expect(await readiness).toEqual({ status: 'unavailable', checks: { slow: 'no answer in time' } });
});
