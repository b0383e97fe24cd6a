import { seeded } from './harness/random';
import { Load } from './harness/load';
import { recount } from './harness/recount';
import { say } from './harness/say';
import { embeddedWorld, type World } from './harness/world';

jest.setTimeout(120_000);

describe('the harness, with nothing broken', () => {
  let world: World;
  beforeAll(async () => {
    world = await embeddedWorld();
  });
  afterAll(() => world?.stop());

  it('finds nothing wrong', async () => {
    const random = seeded();
    say(`seed ${random.seed}`);
    const load = await Load.start(world, {
      conversations: 20,
      messagesEach: 5,
      answersEach: 2,
      perSecond: 200,
      pages: 5,
    });
    await load.finished();
    await load.screens[0]!.cut();
    expect(await recount(world, load)).toEqual([]);
  });
});
