import path from 'node:path';
import type { Breakage } from '@huiliu/platform';
import { clockJumps } from './clock';
import { allIsFull, logAndSpoolAreFull } from './full-disk';
import { heldPastSession, terminated } from './handover';
import { WallClock } from './harness/clock';
import { SmallDisk } from './harness/disk';
import { found, openInside, type Inside, type Mode } from './harness/inside';
import { heldEventSurvives } from './held';
import { poisonStays } from './poison';
import { acceptingRaces, writersAgree } from './races/scenes';
import { nothingNew } from './replay';
import { staleEpoch } from './routing';
import { staleOwners } from './toy/stale';

jest.setTimeout(240_000);

/** A promise (or two that stand in for each other) that the product breaks on purpose, and the scene that is to notice. */
interface Proof {
  readonly breakage: Breakage;
  readonly and?: Breakage;
  readonly scene: string;
  readonly mode: Mode;
  readonly env?: Readonly<Record<string, string>>;
  readonly play: (world: Inside, place: Place) => Promise<string[]>;
  /** What the world stands on. */
  readonly place?: () => Place;
}

/** Small disks, a clock that can be set. */
interface Place {
  readonly env?: Readonly<Record<string, string>>;
  readonly folders?: Parameters<typeof openInside>[2];
  readonly disks: readonly SmallDisk[];
  readonly clock?: WallClock;
}

const NOWHERE: Place = { disks: [] };

function onSmallDisk(): Place {
  const disk = SmallDisk.mount(48);
  return {
    disks: [disk],
    env: { HUILIU_DATA: disk.folder, LOG_LEVEL: 'debug' },
    folders: { logFile: path.join(disk.folder, 'huiliu.log') },
  };
}

function onSmallDisks(): Place {
  const [spool, log] = [SmallDisk.mount(8), SmallDisk.mount(160)];
  return {
    disks: [spool, log],
    env: { HUILIU_DATA: spool.folder },
    folders: { kafkaFolder: path.join(log.folder, 'broker') },
  };
}

function byOtherClock(): Place {
  const clock = new WallClock();
  return { disks: [], env: clock.env, clock };
}

const PROOFS: readonly Proof[] = [
  { breakage: 'bisection', scene: 'poison', mode: 'embedded', play: poisonStays },
  { breakage: 'parked-order', scene: 'poison', mode: 'embedded', play: poisonStays },
  { breakage: 'contiguous-prefix', scene: 'held and killed', mode: 'distributed', play: heldEventSurvives },
  { breakage: 'drain', scene: 'SIGTERM', mode: 'embedded', play: (world) => terminated(world, 'suite') },
  {
    breakage: 'conversation-lock',
    scene: 'writers',
    mode: 'distributed',
    play: (world) => writersAgree(world, { conversations: 2, each: 40 }),
  },
  {
    breakage: 'routing-epoch',
    scene: 'standby',
    mode: 'distributed',
    env: { INSTANCES: 'routing=2' },
    play: staleEpoch,
  },
  { breakage: 'lease-fence', scene: 'stale owners', mode: 'distributed', play: staleOwners },
  { breakage: 'offer-judged', scene: 'two accepts', mode: 'embedded', play: acceptingRaces },
  { breakage: 'dedupe', scene: 'replay', mode: 'embedded', play: nothingNew },
  { breakage: 'dedupe', and: 'handled', scene: 'replay', mode: 'distributed', play: nothingNew },
  {
    breakage: 'dedupe',
    and: 'handled',
    scene: 'held past its session',
    mode: 'distributed',
    env: { INSTANCES: 'inbox=2' },
    play: (world) => heldPastSession(world, 'inbox'),
  },
  {
    breakage: 'stepped-clock',
    scene: 'clock',
    mode: 'embedded',
    place: byOtherClock,
    play: (world, { clock }) => clockJumps(world, clock!),
  },
  {
    breakage: 'ack-before-durable',
    scene: 'full disk',
    mode: 'embedded',
    place: onSmallDisk,
    play: (world, { disks, folders }) => allIsFull(world, disks[0]!, folders!.logFile!),
  },
  {
    breakage: 'spool-fsync',
    scene: 'full log and spool',
    mode: 'distributed',
    place: onSmallDisks,
    play: (world, { disks }) => logAndSpoolAreFull(world, disks[0]!, disks[1]!),
  },
];

/** Each starts a system of its own: `npm test` proves those that need one process on nothing special, `npm run faults -- --prove [name]` all or one. */
const PROVEN =
  process.env.FAULTS_PROVE === 'all'
    ? PROOFS
    : PROOFS.filter(({ mode, place }) => mode === 'embedded' && place === undefined);

describe('a broken promise is noticed', () => {
  let place = NOWHERE;
  let world: Inside | undefined;
  afterEach(async () => {
    for (const disk of place.disks) disk.relieve();
    await world?.stop();
    world = undefined;
    for (const disk of place.disks) disk.unmount();
    place.clock?.remove();
    place = NOWHERE;
  });

  it.each(PROVEN)('$breakage: $scene ($mode)', async (proof) => {
    const { breakage, and, mode } = proof;
    place = proof.place?.() ?? NOWHERE;
    const broken = and === undefined ? breakage : `${breakage},${and}`;
    world = await openInside(mode, { ...proof.env, ...place.env, HUILIU_BREAK: broken }, place.folders);
    expect(await found(world, `${broken} in ${proof.scene}`, (inside) => proof.play(inside, place))).not.toEqual([]);
  });
});
