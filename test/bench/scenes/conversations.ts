import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { chance } from '../load/schedule';
import { openDesk, type Desk } from '../lib/desk';
import { LaidSuite, type Drained } from '../lib/laid-suite';
import { conversationsOf } from '../lib/messages';
import { median } from '../lib/pairs';
import { startSuiteProduct } from '../lib/product';
import { addCounts } from '../lib/recount';
import { round, say, type Scene } from '../lib/scene';
import { scratch } from '../lib/services';

const SMALLEST = 500;
const LARGER = [5_000, 50_000];
const ROUNDS = 5;
/** Some are handled before the suite is ready and the meter runs: most must be left. */
const LEAST = 40_000;
/** Messages a second that are expected at least, to size a round by. */
const RATE = 4_000;
const STORED = 1_000_000;
/** All of the largest crowd find an agent. */
const AGENTS = 110;

/** So many conversations are talked in at a time, for so many messages: more than one transaction takes. */
const TALKING = 500;
const TALK = 4_000;

interface Size {
  readonly name: string;
  readonly suite: LaidSuite;
  /** As conversations go: some are talked in, then others. */
  readonly rounds: Drained[];
  /** Every message in any of them: what a transaction writes once for a conversation it writes for nearly every message. */
  readonly scattered: Drained[];
  /** Its cost in each round ÷ that of the smallest crowd just before, on the same machine in the same minute. */
  readonly times: number[];
}

/**
 * What a message costs the suite by how many conversations there are, and after a million messages are stored: the sizes in turn, each
 * round beside the smallest crowd's just before, the median of the quotients. All conversations exist and have their agent before a round. At
 * every size as many conversations are talked in at a time, or the figures would tell how many messages of one a transaction takes at once; that
 * is measured beside it (`scattered`).
 */
export const conversations: Scene = async ({ seconds, seed }) => {
  const template = await mkdtemp(path.join(scratch(), 'template-'));
  const sizes: Size[] = [];
  try {
    const desk = await prepare(template);
    const messages = Math.max(LEAST, Math.round((seconds * RATE) / (1 + LARGER.length) / ROUNDS));
    const draw = chance(seed);
    const inTurn = async (smallest: Size, others: readonly Size[]): Promise<void> => {
      for (let nth = 0; nth < ROUNDS; nth++) {
        for (const { suite, rounds, scattered } of [smallest, ...others]) {
          rounds.push(worthIt(messages, await suite.drain(messages, talk(suite.conversations.length, draw))));
          scattered.push(worthIt(messages, await suite.drain(messages, draw)));
        }
        const cost = smallest.rounds.at(-1)!.cpuMicrosPerMessage;
        for (const { rounds, times } of others) times.push(rounds.at(-1)!.cpuMicrosPerMessage / cost);
      }
      for (const { name, rounds, scattered, times } of [smallest, ...others])
        say(
          `  ${name}: ${round(costOf(rounds))} µs of CPU a message, ${Math.round(rateOf(rounds))}/s; ${round(costOf(scattered))} µs scattered${times.length === 0 ? '' : `; ${round(median(times), 2)} times the smallest`}`,
        );
    };
    const make = async (name: string, count: number): Promise<Size> => {
      const suite = await LaidSuite.copy(template, desk.accountId, conversationsOf(`${seed}/${name}`, count));
      const size = { name, suite, rounds: [], scattered: [], times: [] };
      sizes.push(size);
      await suite.drain(count, (nth) => nth / count);
      return size;
    };
    const smallest = await make(`${SMALLEST} conversations`, SMALLEST);
    const larger: Size[] = [];
    for (const count of LARGER) larger.push(await make(`${count} conversations`, count));
    await inTurn(smallest, larger);
    const full = await make(`${STORED} messages stored`, SMALLEST);
    await full.suite.drain(STORED - SMALLEST, draw);
    await inTurn(smallest, [full]);

    const worst = Math.max(...[...larger, full].map(({ times }) => median(times)));
    const all = sizes.flatMap(({ rounds }) => rounds);
    return {
      scene: 'conversations',
      ratio: null,
      ratioRange: null,
      floor: null,
      system: round(rateOf(all)),
      unit: 'messages/s',
      cpuMicrosPerMessage: round(costOf(all)),
      cpuByProcess: { suite: round(costOf(all)) },
      ...addCounts(sizes.map(({ suite }) => suite.wrong())),
      p50Ms: null,
      p99Ms: null,
      details: {
        timesTheSmallest: round(worst, 3),
        sizes: sizes.map(({ name, rounds, scattered, times }) => ({
          name,
          cpuMicrosPerMessage: round(costOf(rounds)),
          cpuMicrosScattered: round(costOf(scattered)),
          timesTheSmallest: times.map((each) => round(each, 2)),
          cpuMicrosByRound: rounds.map(({ cpuMicrosPerMessage }) => round(cpuMicrosPerMessage)),
          messagesPerSecond: round(rateOf(rounds)),
          rssMb: round(median(rounds.map((one) => one.rssMb))),
        })),
      },
      settings: { seed, messagesPerRound: messages, rounds: ROUNDS, agents: AGENTS, database: 'SQLite' },
    };
  } finally {
    for (const { suite } of sizes) await suite.remove();
    await rm(template, { recursive: true, force: true });
  }
};

/** A round whose messages were mostly handled before the meter ran says nothing. */
function worthIt(messages: number, round: Drained): Drained {
  if (round.counted < messages / 2)
    throw new Error(`only ${round.counted} of ${messages} messages were left when the suite was ready`);
  return round;
}

const costOf = (rounds: readonly Drained[]): number =>
  median(rounds.map(({ cpuMicrosPerMessage }) => cpuMicrosPerMessage));
const rateOf = (rounds: readonly Drained[]): number => median(rounds.map(({ rate }) => rate));

/** Draws for messages one after the other: of some conversations for a while, then of the next. */
function talk(conversations: number, draw: (nth: number) => number): (nth: number) => number {
  const crowds = Math.max(1, Math.floor(conversations / TALKING));
  const first = Math.floor(draw(0) * crowds);
  return (nth) => (((first + Math.floor(nth / TALK)) % crowds) + draw(nth)) / crowds;
}

async function prepare(folder: string): Promise<Desk> {
  const product = await startSuiteProduct(folder);
  try {
    return await openDesk(product, AGENTS);
  } finally {
    await product.stop();
  }
}
