import type { Breakage } from '@huiliu/platform';
import { terminated } from './handover';
import { found, openInside, type Inside, type Mode } from './harness/inside';
import { heldEventSurvives } from './held';
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
  { breakage: 'contiguous-prefix', mode: 'distributed', play: heldEventSurvives },
  { breakage: 'drain', mode: 'embedded', play: (world) => terminated(world, 'suite') },
  {
    breakage: 'conversation-lock',
    mode: 'distributed',
    play: (world) => writersAgree(world, { conversations: 2, each: 40 }),
  },
  { breakage: 'routing-epoch', mode: 'distributed', env: { INSTANCES: 'routing=2' }, play: staleEpoch },
  { breakage: 'lease-fence', mode: 'distributed', play: staleOwners },
];

/** Each starts a system of its own: `npm test` proves those that need one process, `npm run faults -- --prove [name]` all or one. */
const WANTED = process.env.FAULTS_PROVE ?? 'embedded';
const PROVEN = PROOFS.filter(({ breakage, mode }) => ['all', mode, breakage].includes(WANTED));

describe('a broken promise is noticed', () => {
  let world: Inside | undefined;
  afterEach(async () => {
    await world?.stop();
    world = undefined;
  });

  it.each(PROVEN)('$breakage ($mode)', async ({ breakage, mode, env, play }) => {
    world = await openInside(mode, { ...env, HUILIU_BREAK: breakage });
    expect(await found(world, breakage, play)).not.toEqual([]);
  });
});
