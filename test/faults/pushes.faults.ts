import { faultTest } from './harness/fault-test';
import { distributedWorld, type DistributedWorld, embeddedWorld, type World } from './harness/world';
import { PUSHED, PUSHED_WHOLE } from './harness/pushing';
import { killedBehindPushes, killedUnderPushes } from './pushes';

describe('pushes that a platform repeats, one process', () => {
  let world: World;
  beforeAll(async () => void (world = await embeddedWorld()), 120_000);
  afterAll(() => world?.stop(), 60_000);

  for (const channel of PUSHED_WHOLE)
    faultTest(`${channel.channel}: kill -9 in a burst loses nothing and doubles nothing`, async (random) =>
      expect(await killedUnderPushes(world, random, channel)).toEqual([]),
    );
});

describe('pushes that a platform repeats, a process per app', () => {
  let world: DistributedWorld;
  beforeAll(async () => void (world = await distributedWorld({}, { direct: true })), 180_000);
  afterAll(() => world?.stop(), 60_000);

  faultTest(
    `${PUSHED.map(({ channel }) => channel).join(', ')}: kill -9 of connectors, edge and inbox in a burst loses nothing`,
    async (random) => expect(await killedBehindPushes(world, random, PUSHED)).toEqual([]),
  );
});
