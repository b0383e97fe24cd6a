import { World } from './harness/world';
import { staleOwners } from './toy/stale';

jest.setTimeout(180_000);

describe('a process that was held still', () => {
  let world: World;
  beforeAll(async () => void (world = await World.open('distributed', 7, {LOG_LEVEL: 'warn'})));
  afterAll(() => world.stop());

  it('reads and sends nothing again', async () => {
    const wrong = await staleOwners(world).catch((error: unknown) => { console.log(world.system.log()); throw error; });
    console.log(world.recount());
    expect(wrong).toEqual([]);
  });
});
