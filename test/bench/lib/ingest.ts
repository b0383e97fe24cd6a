import { floorResult, type Round } from './floor-result';
import type { Latencies } from './histogram';
import { interleave } from './pairs';
import type { SceneResult } from './result';
import { PAIRS, say, type SceneOptions } from './scene';

/** One scene in which messages lie ready and facts must come of them. */
export interface Ingest {
  readonly scene: string;
  /** Each takes so many messages in. */
  readonly runFloor: (messages: number) => Promise<Round>;
  readonly runSystem: (messages: number) => Promise<Round>;
  readonly warmUp: number;
  /** So many a round at least: what a conversation costs to begin is part of it, not most of it; and at most. */
  readonly least: number;
  readonly most: number;
  readonly conversations: number;
  readonly latencyOf: string;
  readonly latency: Latencies;
  /** Beside the seed and the sizes. */
  readonly settings: () => Promise<Readonly<Record<string, unknown>>>;
}

/** Warms the system up, lets both sides run in turn, each round as long as the warm system took for its share of the time, and adds it up. */
export async function ingest(one: Ingest, { seconds, seed }: SceneOptions): Promise<SceneResult> {
  const { scene, runFloor, runSystem, conversations } = one;
  const warm = await runSystem(one.warmUp);
  const messages = Math.min(one.most, Math.max(one.least, Math.round((warm.rate * seconds) / PAIRS)));
  say(`${scene}: ${messages} messages a round, ${conversations} new conversations each`);
  const pairs = await interleave(
    PAIRS,
    () => runFloor(messages),
    async (nth) => {
      const round = await runSystem(messages);
      say(`  pair ${nth + 1}: system ${Math.round(round.rate)}/s`);
      return round;
    },
  );
  return floorResult(pairs, {
    scene,
    unit: 'messages/s',
    warm: [warm],
    latencyOf: one.latencyOf,
    latency: one.latency.summary(),
    histogram: one.latency.raw(),
    settings: { seed, messagesPerRound: messages, conversationsPerRound: conversations, ...(await one.settings()) },
  });
}
