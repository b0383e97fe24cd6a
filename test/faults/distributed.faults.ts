import { distributedWorld, type DistributedWorld } from './harness/world';
import { killedDistributed, repeated } from './parts/killed';
import { network } from './parts/network';

describe('faults, a process per app on Kafka and MariaDB', () => {
  let world: DistributedWorld;

  beforeAll(async () => {
    world = await distributedWorld();
  }, 180_000);

  afterAll(() => world?.stop(), 60_000);

  repeated(() => world);
  killedDistributed(() => world);
  network(() => world);
});
