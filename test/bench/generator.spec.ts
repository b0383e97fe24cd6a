import { proveGenerator } from './load/proof';
import { poisson } from './load/schedule';

const SEED = 20261127;

test('a server that stalls is charged for everyone who came meanwhile', async () => {
  const measured = await proveGenerator(SEED);
  // Every arrival was measured. One in a hundred waits for 195 ms of a stall of 200; who measured from the sending would see far less.
  expect(measured.count).toBeGreaterThan(4_000);
  expect(measured.p99Ms).toBeGreaterThan(180);
}, 60_000);

test('the same seed gives the same arrivals, at the rate that was asked for', () => {
  const options = { perSecond: 500, seconds: 20, visitors: 50, seed: SEED, first: new Array<number>(50).fill(3) };
  const [one, two] = [poisson(options), poisson(options)];
  expect(one).toEqual(two);
  expect(one.dueMs.length).toBeGreaterThan(9_500);
  expect(one.dueMs.length).toBeLessThan(10_500);
  const first = one.visitor.indexOf(7);
  expect(one.nth[first]).toBe(3);
});
