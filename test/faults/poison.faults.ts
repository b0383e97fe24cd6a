import { poisonStays } from './poison';
import { MODES, World } from './harness/world';

jest.setTimeout(180_000);

describe.each(MODES)('a poison event (%s)', (mode) => {
  let world: World;
  beforeAll(async () => void (world = await World.open(mode, 7)));
  afterAll(() => world.stop());

  it('stays where it is, is seen, replayed and discarded', async () => {
    const wrong = await poisonStays(world).catch((error: unknown) => { console.log(world.system.log()); throw error; });
    console.log(world.recount());
    expect(wrong).toEqual([]);
  });
});
