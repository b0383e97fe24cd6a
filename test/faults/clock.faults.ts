import { clockJumps } from './clock';
import { WallClock } from './harness/clock';
import { MODES, World } from './harness/world';
jest.setTimeout(180_000);
describe.each(MODES)('clock (%s)', (mode) => {
  let world: World;
  const clock = new WallClock();
  beforeAll(async () => void (world = await World.open(mode, 7, {LOG_LEVEL: 'warn', ...(mode === 'distributed' && { INSTANCES: 'inbox=2'}), ...clock.env})));
  afterAll(async () => { await world?.stop(); clock.remove(); });
  it('jumps', async () => {
    const wrong = await clockJumps(world, clock).catch((error: unknown) => { console.log(world.system.log()); throw error; });
    console.log(world.recount()); 
    expect(wrong).toEqual([]);
  });
});
