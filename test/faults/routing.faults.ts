import { staleEpoch } from './routing';
import { World } from './harness/world';
jest.setTimeout(180_000);
describe.each(['', 'routing-epoch'])('routing (%s)', (broken) => {
  let world: World;
  beforeAll(async () => void (world = await World.open('distributed', 7, {LOG_LEVEL: 'warn', INSTANCES: 'routing=2', HUILIU_BREAK: broken})));
  afterAll(() => world.stop());
  it('stale', async () => {
    const wrong = await staleEpoch(world).catch((error: unknown) => { console.log(world.system.log()); throw error; });
    console.log(world.recount());
    expect(wrong).toEqual([]);
  });
});
