import type { Breakage } from '@huiliu/platform';
import { joinsAndLeaves, terminated } from './handover';
import { found, openInside, type Inside, type Mode } from './harness/inside';
import { poisonStays } from './poison';
import { writersAgree } from './races/scenes';
import { staleEpoch } from './routing';
import { staleOwners } from './toy/stale';

jest.setTimeout(240_000);

/** A promise that the product breaks on purpose, and the scene that is to notice. */
interface Proof {
  readonly breakage: Breakage;
  readonly mode: Mode;
  readonly env?: Readonly<Record<string, string>>;
  readonly play: (world: Inside) => Promise<string[]>;
}

const PROOFS: readonly Proof[] = [
  { breakage: 'bisection', mode: 'embedded', play: poisonStays },
  { breakage: 'parked-order', mode: 'embedded', play: poisonStays },
  { breakage: 'drain', mode: 'embedded', play: (world) => terminated(world, 'suite') },
  {
    breakage: 'conversation-lock',
    mode: 'distributed',
    play: (world) => writersAgree(world, { conversations: 2, each: 40 }),
  },
  { breakage: 'routing-epoch', mode: 'distributed', env: { INSTANCES: 'routing=2' }, play: staleEpoch },
];

/** Those that one process among others breaks, so that they share a system that is well. */
const AMONG_OTHERS: readonly (Pick<Proof, 'breakage'> & {
  readonly play: (world: Inside, env: Record<string, string>) => Promise<string[]>;
})[] = [
  { breakage: 'contiguous-prefix', play: joinsAndLeaves },
  { breakage: 'lease-fence', play: staleOwners },
];

describe('a broken promise is noticed', () => {
  let world: Inside | undefined;
  afterEach(async () => {
    await world?.stop();
    world = undefined;
  });

  it.each(PROOFS)('$breakage ($mode)', async ({ breakage, mode, env, play }) => {
    world = await openInside(mode, { ...env, HUILIU_BREAK: breakage });
    expect(await found(world, breakage, play)).not.toEqual([]);
  });
});

describe('a promise that one process breaks is noticed', () => {
  let world: Inside;
  beforeAll(async () => {
    world = await openInside('distributed');
  });
  afterAll(() => world?.stop());

  it.each(AMONG_OTHERS)('$breakage', async ({ breakage, play }) => {
    const broken = (inside: Inside): Promise<string[]> => play(inside, { HUILIU_BREAK: breakage });
    expect(await found(world, breakage, broken)).not.toEqual([]);
  });
});
