import { eventually } from '@huiliu/testing';
import type { Inside } from './harness/inside';
import { Load, type LoadOptions } from './harness/load';
import { heldStill, isRunning, startExtra } from './harness/processes';
import { recount } from './harness/recount';

/** Longer than a consumer's session (10 s) and than the relay's leases (10 s), so that others take all of it over. */
const PAST_THE_SESSION_MS = 12_000;
const TERM_MS = 10_000;
/** What is on its way after the last fault has come by then, or never does. */
const SETTLE_MS = 30_000;
const LOAD: LoadOptions = { conversations: 6, perSecond: 60, pages: 2 };

/** People talk while `fault` happens, and still do afterwards; then everything is counted. */
export async function under(
  world: Inside,
  fault: (load: Load) => Promise<string[]>,
  options: LoadOptions & { readonly settleMs?: number } = LOAD,
): Promise<string[]> {
  const load = await Load.start(world, options);
  await heardAgain(load);
  const wrong = await fault(load);
  await heardAgain(load);
  await load.stop();
  wrong.push(...(await recount(world, load, { settleMs: options.settleMs })));
  await load.closePages();
  world.count('messages and answers acknowledged', load.acknowledged);
  return wrong;
}

/** Resolves when everyone has been heard so many times more. */
export async function heardAgain(load: Load, times = 2): Promise<void> {
  const lines = load.talks.flatMap(({ said, answered }) => [said, answered]);
  const before = lines.map(({ acknowledged }) => acknowledged.length);
  await eventually(
    `everyone is heard ${times} times more`,
    () => lines.every(({ acknowledged }, n) => acknowledged.length >= before[n]! + times),
    60_000,
  );
}

/** A further process of the inbox joins in the middle of everything, and leaves again. */
export function joinsAndLeaves(world: Inside): Promise<string[]> {
  const joins = async (load: Load): Promise<string[]> => {
    const extra = await startExtra(world, 'inbox');
    try {
      await heardAgain(load, 5);
      const { code, ms } = await extra.end();
      await heardAgain(load, 5);
      return code === 0 && ms < TERM_MS ? [] : [`the process that left ended with ${code} after ${ms} ms`];
    } finally {
      await extra.kill();
    }
  };
  return under(world, joins, { ...LOAD, settleMs: SETTLE_MS });
}

/** A process of an app is held still until others have taken over all that it had, and then goes on as if nothing had been. */
export function heldPastSession(world: Inside, app: string): Promise<string[]> {
  return under(world, async (load) => {
    await heldStill(world.system.pids(app)[0]!, PAST_THE_SESSION_MS);
    // It is at work again: what it still had in its hands has been handled, or is fenced off.
    await heardAgain(load, 5);
    return [];
  });
}

/** A process is asked to end while people talk: it ends in time and well, tells its sockets, and answers what it has begun. */
export function terminated(world: Inside, app: string): Promise<string[]> {
  return under(world, async (load) => {
    const { system } = world;
    const pids = system.pids(app);
    const pid = pids[0]!;
    const pages = [...load.screens, ...load.pages.values()];
    const [cut, closed] = [load.cut, pages.map(({ closedWith }) => closedWith.length)];
    const said = endsOf(world, app).length;
    const began = performance.now();
    process.kill(pid, 'SIGTERM');
    await eventually(`${app} has ended`, () => !isRunning(pid), TERM_MS + 5_000);
    const ms = Math.round(performance.now() - began);
    world.count(`ms until ${app} had ended`, ms);
    const wrong: string[] = [];
    if (ms > TERM_MS) wrong.push(`${app} took ${ms} ms to end`);
    if (load.cut > cut) wrong.push(`${load.cut - cut} requests were begun and never answered`);
    const how = await eventually(`it is told how ${app} ended`, () => endsOf(world, app)[said]);
    if (how !== 'code 0') wrong.push(`${app} ended with ${how}`);
    if (world.mode === 'distributed')
      await eventually(
        `${app} is there again`,
        () => pids.length === system.pids(app).length && !system.pids(app).includes(pid),
      );
    await system.restart();
    const codes = pages.flatMap(({ closedWith }, n) => closedWith.slice(closed[n]));
    // The edge carries the bytes of sockets and cannot put a word of its own between them.
    if (app !== 'edge' && codes.some((code) => code !== 1001))
      wrong.push(`sockets were closed with ${codes.join(' ')}`);
    world.count('sockets told to go elsewhere', codes.length);
    return wrong;
  });
}

/** How its processes have ended so far, as the log tells. */
function endsOf({ system }: Inside, app: string): string[] {
  const line = new RegExp(`^${app} .*ended \\((.+?)\\)`);
  return system
    .log()
    .split('\n')
    .flatMap((text) => line.exec(text)?.[1] ?? []);
}
