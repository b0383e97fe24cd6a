import { distributedWorld, type DistributedWorld } from './harness/world';
import { gateways, screens } from './parts/screens';

describe('faults of pages, two gateways', () => {
  let world: DistributedWorld;

  beforeAll(async () => {
    world = await distributedWorld({ INSTANCES: 'inbox=2' });
  }, 180_000);

  afterAll(() => world?.stop(), 60_000);

  screens(() => world);
  gateways(() => world);
});
