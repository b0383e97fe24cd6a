import { eventually, type FrameSocket } from '@huiliu/testing';
import { heldStill, isRunning, startExtra } from './harness/processes';
import { judgeScreen, Talk } from './harness/talk';
import type { World } from './harness/world';

const CONVERSATIONS = 6;
/** Longer than a consumer's session (10 s) and than the relay's leases (10 s), so that others take all of it over. */
const PAST_THE_SESSION_MS = 13_000;
const TERM_MS = 10_000;

/** People talk while `fault` happens; then everything is counted. `pauseMs`: how long each of them rests between two texts. */
export async function under(
  world: World,
  fault: (talk: Talk) => Promise<string[]>,
  pauseMs = 15,
): Promise<string[]> {
  const talk = await Talk.begin(world.stage, CONVERSATIONS, pauseMs);
  const screen = await talk.agent.connect();
  let wrong: string[] = [];
  try {
    await talk.heardAgain(3);
    wrong = await fault(talk);
    await talk.heardAgain();
  } finally {
    await talk.stop();
  }
  wrong.push(...(await talk.judge()));
  if (screen.socket.readyState === screen.socket.OPEN) wrong.push(...(await judgeScreen(screen, talk)));
  await screen.close();
  world.count('messages acknowledged', talk.count);
  world.count('attempts refused', [...talk.customers, ...talk.answers].reduce((sum, { refusals }) => sum + refusals.length, 0));
  return wrong;
}

/** A further process of the inbox joins in the middle of everything, and leaves again. */
export function joinsAndLeaves(world: World): Promise<string[]> {
  return under(world, async (talk) => {
    const wrong: string[] = [];
    for (let round = 1; round <= 2; round++) {
      const extra = await startExtra(world, 'inbox');
      try {
        await talk.heardAgain(10);
        const { code, ms } = await extra.end();
        if (code !== 0 || ms > TERM_MS) wrong.push(`the process that left ended with ${code} after ${ms} ms`);
        await talk.heardAgain(5);
      } finally {
        await extra.kill();
      }
    }
    return wrong;
  });
}

/** A process of an app is held still until others have taken over all that it had, and then goes on as if nothing had been. */
export function heldPastSession(world: World, app: string): Promise<string[]> {
  return under(world, async (talk) => {
    await heldStill(world.system.pids(app)[0]!, PAST_THE_SESSION_MS);
    // It is at work again: what it still had in its hands has been handled, or is fenced off.
    await talk.heardAgain(20);
    return [];
  });
}

/** A process is asked to end while people talk: it ends in time and well, tells its sockets, and answers what it has begun. */
export function terminated(world: World, app: string): Promise<string[]> {
  return under(world, async (talk) => {
    const pids = world.system.pids(app);
    const pid = pids[0]!;
    const sockets = await socketsOn(app, talk);
    const cut = (): number =>
      [...talk.customers, ...talk.answers].reduce((sum, { broken }) => sum + broken, 0);
    const before = cut();
    const began = performance.now();
    process.kill(pid, 'SIGTERM');
    await eventually(`${app} has ended`, () => !isRunning(pid), TERM_MS + 5_000);
    const ms = Math.round(performance.now() - began);
    const broken = cut() - before;
    const wrong: string[] = [];
    if (ms > TERM_MS) wrong.push(`${app} took ${ms} ms to end`);
    if (broken > 0) wrong.push(`${broken} requests were begun and never answered`);
    if (world.mode === 'suite') void world.system.restart().catch(() => undefined);
    const how = await eventually(`it is told how ${app} ended`, () => endOf(world, app));
    if (how !== 'code 0') wrong.push(`${app} ended with ${how}`);
    await eventually(`${app} is there again`, () => world.system.pids(app).length === pids.length && !world.system.pids(app).includes(pid), 30_000);
    await world.system.restart();
    if (sockets.length > 0) {
      const codes = await Promise.all(sockets.map(async (socket) => (await socket.closed).code));
      if (codes.some((code) => code !== 1001 && code !== 1012)) wrong.push(`sockets were closed with ${codes.join(' ')}`);
    }
    world.count(`ms until ${app} had ended`, ms);
    return wrong;
  });
}

/** Sockets that the process is to close with a word; behind the edge they end with the process or live on elsewhere. */
async function socketsOn(app: string, talk: Talk): Promise<FrameSocket[]> {
  return app === 'suite' ? [await talk.agent.connect(), await talk.visitors[0]!.connect()] : [];
}

function endOf(world: World, app: string): string | undefined {
  const lines = world.system.log().split('\n');
  return lines.map((line) => new RegExp(`^${app} .*ended \\((.+?)\\)`).exec(line)?.[1]).findLast((how) => how !== undefined);
}
