import { openLoop, nowMs } from './open-loop';
import { poisson } from './schedule';
import { startStallingStub } from './stalling-stub';
import { VisitorLines } from './visitor-lines';
import type { LatencySummary } from '../lib/histogram';

/** At this rate two fifths of the arrivals fall into a stall, so one in a hundred waits for more than 195 ms of its 200. */
const PER_SECOND = 1_000;
const SECONDS = 5;
const VISITORS = 500;

/** What the generator measures of a server that stalls for 200 ms every 500 requests; its p99 must come out near 195 ms. */
export async function proveGenerator(seed: number): Promise<LatencySummary> {
  const stub = await startStallingStub();
  const visitors = Array.from({ length: VISITORS }, (_, i) => ({ token: 'none', conversationId: String(i) }));
  const lines = await VisitorLines.open({ host: '127.0.0.1', port: stub.port, path: '/' }, visitors);
  try {
    const first = visitors.map(() => 0);
    const schedule = poisson({ perSecond: PER_SECOND, seconds: SECONDS, visitors: VISITORS, seed, first });
    const { answered } = await openLoop(schedule, nowMs() + 50, (arrival) =>
      lines.post(schedule.visitor[arrival]!, schedule.nth[arrival]!),
    );
    return answered.summary();
  } finally {
    lines.close();
    await stub.stop();
  }
}
