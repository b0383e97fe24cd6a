import { heldPastSession, joinsAndLeaves, terminated } from './handover';
import { World } from './harness/world';

jest.setTimeout(180_000);

const run = async (world: World, what: () => Promise<string[]>) => {
    const wrong = await what().catch((error: unknown) => { console.log(world.system.log()); throw error; });
    console.log(world.recount());
    expect(wrong).toEqual([]);
};

describe('handover suite', () => {
  let world: World;
  beforeAll(async () => void (world = await World.open('suite', 7, {LOG_LEVEL: 'warn'})));
  afterAll(() => world?.stop());
  it('term', () => run(world, () => terminated(world, 'suite')));
});
describe.skip('handover', () => {
  let world: World;
  beforeAll(async () => void (world = await World.open('distributed', 7, {LOG_LEVEL: 'warn', INSTANCES: 'inbox=2,routing=2'})));
  afterAll(() => world?.stop());

  it('joins', () => run(world, () => joinsAndLeaves(world)));
  it('held', () => run(world, () => heldPastSession(world, 'inbox')));
  it.each(['inbox', 'connector-webchat', 'routing', 'edge'])('term %s', (app) => run(world, () => terminated(world, app)));
});
