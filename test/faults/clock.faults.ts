import { clockJumps } from './clock';
import { WallClock } from './harness/clock';
import { MODES, openInside, scene, type Inside } from './harness/inside';

jest.setTimeout(240_000);

describe.each(MODES)('the wall clock is set (%s)', (mode) => {
  const clock = new WallClock();
  let world: Inside | undefined;
  beforeAll(async () => {
    world = await openInside(mode, { ...clock.env, ...(mode === 'distributed' && { INSTANCES: 'inbox=2' }) });
  });
  afterAll(async () => {
    await world?.stop();
    clock.remove();
  });

  it('ten minutes ahead, then behind: nothing is lost, and nobody who is there is taken for gone', async () => {
    expect(await scene(world!, 'clock', (inside) => clockJumps(inside, clock))).toEqual([]);
  });
});
