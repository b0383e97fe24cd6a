import { nowMs } from '../load/open-loop';
import { poisson } from '../load/schedule';
import { refused, type CrowdOutcome } from '../lib/crowd';
import { cpuFigures } from '../lib/own-cpu';
import { addCounts } from '../lib/recount';
import { growthPerMinute, Samples } from '../lib/samples';
import { round, say, type Scene } from '../lib/scene';
import { openWebsite } from '../lib/website';

const VISITORS = 500;
const PER_SECOND = 60;
/** Arrivals are drawn for so long at a time. */
const STRETCH_SECONDS = 30;
const EVERY_MS = 2_000;
const LEAD_MS = 300;
/** The first part warms up: code is compiled, pools and rings fill. */
const WARM_SHARE = 1 / 3;
/** Heaps go up and down by some megabytes; a leak of a kilobyte a message is 3.6 MB a minute here. */
const FLAT_MB_PER_MINUTE = 1;

/**
 * The whole way by HTTP at a steady rate for a long time: what every process holds. Heaps must be flat. What a gateway keeps for pages
 * that come back (ten minutes of facts, outside the heap) grows for ten minutes and shows in the process's size.
 */
export const soak: Scene = async ({ seconds, seed }) => {
  const site = await openWebsite(VISITORS);
  try {
    const samples = new Samples(site.product.processes());
    const meter = site.meter();
    samples.begin(EVERY_MS);
    let outcome: CrowdOutcome | undefined;
    let messages = 0;
    // A post that is not accepted is not written again: it is missing everywhere, and counts as lost.
    const turnedAway = new Map<string, number>();
    const stretches = Math.max(3, Math.round(seconds / STRETCH_SECONDS));
    for (let nth = 0; nth < stretches; nth++) {
      const schedule = poisson({
        perSecond: PER_SECOND,
        seconds: STRETCH_SECONDS,
        visitors: VISITORS,
        seed: seed + nth,
        first: outcome?.sent ?? [],
      });
      const before = site.screens.seen;
      const startMs = nowMs() + LEAD_MS;
      const expected = before + schedule.dueMs.length;
      await site.screens.begin({ schedule, startMs, conversations: [...site.crowd.conversations], expected });
      outcome = await site.crowd.writeOnSchedule(schedule, startMs);
      for (const [status, count] of Object.entries(refused(outcome)))
        turnedAway.set(status, (turnedAway.get(status) ?? 0) + count);
      await site.screens.shown(expected);
      messages += schedule.dueMs.length;
      if (nth % 4 === 3) say(`  ${(nth + 1) * STRETCH_SECONDS} s, ${messages} messages`);
    }
    const cpu = meter.read();
    const taken = await samples.end();
    const { counts, cutOff } = await site.recount(outcome!);
    const processes = Object.fromEntries(
      [...taken].map(([name, all]) => {
        const warm = all.slice(Math.floor(all.length * WARM_SHARE));
        const last = all.at(-1)!;
        return [
          name,
          {
            heapMbPerMinute: round(growthPerMinute(warm, 'heapMb'), 2),
            rssMbPerMinute: round(growthPerMinute(warm, 'rssMb'), 2),
            heapMb: round(last.heapMb),
            rssMb: round(last.rssMb),
            peakRssMb: round(Math.max(...all.map(({ rssMb }) => rssMb))),
            loopP99Ms: round(Math.max(...warm.map(({ loopP99Ms }) => loopP99Ms))),
          },
        ];
      }),
    );
    return {
      scene: 'soak',
      ratio: null,
      ratioRange: null,
      floor: null,
      system: PER_SECOND,
      unit: 'messages/s',
      ...cpuFigures([cpu], messages),
      ...addCounts([counts]),
      p50Ms: outcome!.answered.p50Ms,
      p99Ms: outcome!.answered.p99Ms,
      details: {
        latencyOf: 'a post until its 202, the last stretch',
        seconds: stretches * STRETCH_SECONDS,
        messages,
        refused: Object.fromEntries(turnedAway),
        heapsFlat: Object.values(processes).every(({ heapMbPerMinute }) => heapMbPerMinute < FLAT_MB_PER_MINUTE),
        processes,
        socketsCutOff: cutOff,
        samples: Object.fromEntries(taken),
      },
      settings: { seed, perSecond: PER_SECOND, visitors: VISITORS, agents: site.desk.agents.length },
    };
  } finally {
    await site.close();
  }
};
