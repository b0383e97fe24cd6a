import { BenchProcess } from '../lib/child';
import { CpuMeter } from '../lib/cpu';
import { cpuFigures } from '../lib/own-cpu';
import { interleave, median, type Rate } from '../lib/pairs';
import { addCounts, isRight } from '../lib/recount';
import type { RoutingRun, RoutingSize } from '../lib/routing-crowd';
import { PAIRS, round, say, type Scene } from '../lib/scene';

const AGENTS = [100, 1_000, 7_500];
const WAITING = [1_000, 50_000, 500_000];
/** Decisions a second that are expected at least, to size a round by. */
const RATE = 10_000;
const MOST = 100_000;

interface Measured extends Rate {
  readonly run: RoutingRun;
  readonly cpu: Readonly<Record<string, number>>;
}

async function measure(name: string, program: string, size: RoutingSize, decisions: number): Promise<Measured> {
  const process = await BenchProcess.start(name, program);
  try {
    const meter = new CpuMeter([{ name, pid: process.pid }]);
    const run = await process.ask<RoutingRun>({ type: 'go', size, decisions }, 'done');
    return { rate: (run.decisions * 1000) / run.ms, run, cpu: meter.read() };
  } finally {
    await process.close();
  }
}

/** Routing alone, by how many agents there are and how many wait. The figures of the result are those of the largest crowd. */
export const routing: Scene = async ({ seconds, seed }) => {
  const sizes = AGENTS.flatMap((agents) => WAITING.map((waiting) => ({ agents, waiting })));
  const decisions = Math.max(1_000, Math.min(MOST, Math.round((seconds * RATE) / sizes.length / PAIRS)));
  const rows = [];
  for (const size of sizes) {
    const pairs = await interleave(
      PAIRS,
      () => measure('floor', 'floors/routing', size, decisions),
      () => measure('routing', 'programs/routing', size, decisions),
    );
    const p99Ms = median(pairs.systems.map(({ run }) => run.p99Ms));
    const p50Ms = median(pairs.systems.map(({ run }) => run.p50Ms));
    const counts = addCounts(pairs.systems.map(({ run }) => run));
    say(
      `  ${size.agents} agents, ${size.waiting} waiting: ${Math.round(pairs.system)} decisions/s, p99 ${round(p99Ms, 3)} ms`,
    );
    rows.push({ size, pairs, p50Ms, p99Ms, counts });
  }
  const largest = rows.at(-1)!;
  const counts = addCounts(rows.map((row) => row.counts));
  const all = rows.flatMap(({ pairs }) => pairs.systems);
  return {
    scene: 'routing',
    ratio: isRight(counts) ? round(largest.pairs.ratio, 4) : 0,
    ratioRange: [round(largest.pairs.range[0], 4), round(largest.pairs.range[1], 4)],
    floor: round(largest.pairs.floor),
    system: round(largest.pairs.system),
    unit: 'decisions/s',
    ...cpuFigures(
      all.map(({ cpu }) => cpu),
      all.reduce((sum, { run }) => sum + run.decisions, 0),
    ),
    ...counts,
    p50Ms: round(largest.p50Ms, 3),
    p99Ms: round(largest.p99Ms, 3),
    details: {
      latencyOf: 'one input that leads to a decision; CPU includes making the crowd',
      sizes: rows.map(({ size, pairs, p50Ms, p99Ms }) => ({
        ...size,
        decisionsPerSecond: round(pairs.system),
        floorPerSecond: round(pairs.floor),
        ratio: round(pairs.ratio, 4),
        p50Ms: round(p50Ms, 3),
        p99Ms: round(p99Ms, 3),
        maxMs: round(Math.max(...pairs.systems.map(({ run }) => run.maxMs)), 3),
      })),
    },
    settings: { seed, decisionsPerRound: decisions, pairs: PAIRS },
  };
};
