import { embeddedWorld, type World } from './harness/world';
import { killedEmbedded, repeated } from './parts/killed';
import { screens } from './parts/screens';

describe('faults, one process on the embedded bus and SQLite', () => {
  let world: World;

  beforeAll(async () => {
    world = await embeddedWorld();
  }, 120_000);

  afterAll(() => world?.stop(), 60_000);

  repeated(() => world);
  killedEmbedded(() => world);
  screens(() => world);
});
