import { eventually, pause } from '@huiliu/testing';
import { Load } from './harness/load';
import type { Network } from './harness/proxy';
import type { Random } from './harness/random';
import { recount } from './harness/recount';
import { faultTest } from './harness/fault-test';
import { say } from './harness/say';
import { distributedWorld, embeddedWorld, type DistributedWorld, type Mode, type World } from './harness/world';
import { restartService } from './parts/killed';

/** `npm run faults` says how long and where; among the other tests it is a short look at one process. */
const MINUTES = Number(process.env.FAULTS_MINUTES ?? 0.2);
const MODES = (process.env.FAULTS_MODE ?? 'embedded').split(',') as Mode[];
const START_MS = 240_000;
const SETTLE_MS = 300_000;

type Fault = () => Promise<void>;

/** Stands still for a while and goes on, as a process does whose machine was put to sleep. */
async function freeze(name: string, pid: number, ms: number): Promise<void> {
  say(`  ${name} stands still for ${ms} ms`);
  process.kill(pid, 'SIGSTOP');
  await pause(ms);
  process.kill(pid, 'SIGCONT');
}

/** What can go wrong in either mode: processes and pages. */
function commonFaults(world: World, load: Load, random: Random): Fault[] {
  return [
    async () => {
      const app = random.pick(world.system.apps());
      say(`  kill -9 ${app}`);
      await world.system.kill(app);
      await world.system.restart();
    },
    async () => {
      say('  all pages are cut off');
      await Promise.all([...load.screens, ...load.pages.values()].map((screen) => screen.cut()));
    },
  ];
}

/** Broker, database, the ways to them, answers that nobody gets, processes that stand still. */
function distributedFaults(world: DistributedWorld, random: Random): Fault[] {
  const which = (): 'broker' | 'database' => random.pick(['broker', 'database']);
  return [
    () => restartService(world, which(), random, random.between(500, 8_000)),
    async () => {
      const [behind, lastMs] = [which(), random.between(500, 8_000)];
      const weather = random.pick<Network>([
        { is: 'cut' },
        { is: 'silent' },
        { is: 'slow', delayMs: random.between(20, 300) },
      ]);
      say(`  ${behind} ${weather.is} for ${lastMs} ms`);
      await world[behind].network.set(weather);
      await pause(lastMs);
      await world[behind].network.heal();
    },
    async () => {
      const { network } = world.broker;
      const before = network.swallowed;
      say('  an answer of the broker is swallowed');
      network.swallow();
      await eventually('it is swallowed', () => network.swallowed > before, 60_000);
    },
    async () => {
      const { app, pid } = random.pick(world.system.processes());
      // Up to beyond the time after which a consumer counts as gone.
      await freeze(app, pid, random.between(500, 12_000));
    },
  ];
}

function randomFaults(world: () => World, faultsOf: (load: Load, random: Random) => Fault[]): void {
  faultTest(
    `${MINUTES} minutes of faults at random`,
    async (random) => {
      const load = await Load.start(world(), { conversations: 40, perSecond: 30, pages: 5 });
      const faults = faultsOf(load, random);
      const end = Date.now() + MINUTES * 60_000;
      let done = 0;
      while (Date.now() < end) {
        await pause(random.between(200, 4_000));
        await random.pick(faults)();
        done++;
        const acknowledged = load.acknowledged;
        await eventually('people are heard again', () => load.acknowledged > acknowledged + 20, 120_000);
      }
      say(`  ${done} faults, ${load.acknowledged} acknowledged`);
      await load.stop();
      expect(await recount(world(), load)).toEqual([]);
    },
    MINUTES * 60_000 + START_MS + SETTLE_MS,
  );
}

describe.each(MODES)('random faults, %s', (mode) => {
  let world: World;

  beforeAll(async () => {
    world = mode === 'embedded' ? await embeddedWorld() : await distributedWorld();
  }, START_MS);

  afterAll(() => world?.stop(), 60_000);

  randomFaults(
    () => world,
    (load, random) => [
      ...commonFaults(world, load, random),
      ...(mode === 'embedded' ? [] : distributedFaults(world as DistributedWorld, random)),
    ],
  );
});
