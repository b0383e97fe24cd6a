import { openInside, scene, type Inside } from './harness/inside';
import { staleEpoch } from './routing';

jest.setTimeout(180_000);

describe('routing with a standby', () => {
  let world: Inside;
  beforeAll(async () => {
    world = await openInside('distributed', { INSTANCES: 'inbox=2,routing=2' });
  });
  afterAll(() => world?.stop());

  it('routing held still past its silence wakes, and decides nothing more', async () =>
    expect(await scene(world, 'SIGSTOP of routing', staleEpoch)).toEqual([]));
});
