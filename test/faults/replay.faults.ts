import { nothingNew } from './replay';
import { MODES, World } from './harness/world';
jest.setTimeout(180_000);
describe.each(MODES)('replay (%s)', (mode) => {
  let world: World;
  beforeAll(async () => void (world = await World.open(mode, 7, {LOG_LEVEL: 'warn'})));
  afterAll(() => world.stop());
  it('nothing new', async () => {
    const wrong = await nothingNew(world).catch((error: unknown) => { console.log(world.system.log()); throw error; });
    console.log(world.recount());
    expect(wrong).toEqual([]);
  });
});
