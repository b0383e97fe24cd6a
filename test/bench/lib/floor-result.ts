import type { CpuUse } from './cpu';
import type { LatencySummary } from './histogram';
import { cpuFigures } from './own-cpu';
import type { Pairs, Rate } from './pairs';
import { addCounts, isRight, type Counts } from './recount';
import type { SceneResult } from './result';
import { round } from './scene';

/** One round of floor or system. */
export interface Round extends Rate {
  readonly counts: Counts;
  readonly cpu: CpuUse;
  /** Messages (or deliveries) that its rate and its CPU are counted by. */
  readonly messages: number;
}

/** The result of a scene that has a floor. The floor is recounted, too: one that loses is no floor. */
export function floorResult(
  pairs: Pairs<Round, Round>,
  more: {
    readonly scene: string;
    readonly unit: string;
    readonly warm: readonly Round[];
    readonly latencyOf: string;
    readonly latency: LatencySummary;
    readonly histogram: [number, number][];
    readonly details?: Readonly<Record<string, unknown>>;
    readonly settings: Readonly<Record<string, unknown>>;
  },
): SceneResult {
  const counts = addCounts([...more.warm, ...pairs.systems].map((one) => one.counts));
  const floorCounts = addCounts(pairs.floors.map((one) => one.counts));
  if (!isRight(floorCounts)) throw new Error(`the floor itself is wrong: ${JSON.stringify(floorCounts)}`);
  const cpuOf = (rounds: readonly Round[]): ReturnType<typeof cpuFigures> =>
    cpuFigures(
      rounds.map(({ cpu }) => cpu),
      rounds.reduce((sum, { messages }) => sum + messages, 0),
    );
  return {
    scene: more.scene,
    ratio: isRight(counts) ? round(pairs.ratio, 3) : 0,
    ratioRange: [round(pairs.range[0], 3), round(pairs.range[1], 3)],
    floor: round(pairs.floor),
    system: round(pairs.system),
    unit: more.unit,
    ...cpuOf(pairs.systems),
    ...counts,
    p50Ms: more.latency.p50Ms,
    p99Ms: more.latency.p99Ms,
    details: {
      ...more.details,
      latencyOf: more.latencyOf,
      latency: more.latency,
      histogram: more.histogram,
      ratios: pairs.ratios.map((ratio) => round(ratio, 3)),
      floorRates: pairs.floors.map(({ rate }) => round(rate)),
      systemRates: pairs.systems.map(({ rate }) => round(rate)),
      floorCpuByProcess: cpuOf(pairs.floors).cpuByProcess,
    },
    settings: { ...more.settings, pairs: pairs.ratios.length },
  };
}
