/** The visitors, in a process of their own: post on schedule or as fast as they are answered. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serveNotes, tell, type Note } from '../lib/child';
import { nowMs, openLoop } from './open-loop';
import type { Schedule } from './schedule';
import { VisitorLines, type LoadVisitor, type Target } from './visitor-lines';
import { type PushAccount, pushWriter } from './wechat-pushes';
import { Latencies } from '../lib/histogram';

/** A post is accepted, a push is done. */
const TAKEN: ReadonlySet<number> = new Set([200, 202]);

let lines: VisitorLines;
let visitors: readonly LoadVisitor[] = [];
/** How many messages each visitor has sent. */
let sent: number[] = [];

async function open(note: Note): Promise<void> {
  const { target, push, ...opening } = note as unknown as {
    target: Target;
    visitors: LoadVisitor[];
    push?: PushAccount;
  };
  visitors = opening.visitors;
  sent = visitors.map(() => 0);
  lines = await VisitorLines.open(target, visitors, push === undefined ? undefined : pushWriter(push, target));
  tell({ type: 'opened' });
}

/** What a run says of the generator itself: it, too, may have been what was slow. */
function watchSelf(): () => { cpuShare: number; eventLoopP99Ms: number } {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const cpu = process.cpuUsage();
  const started = performance.now();
  return () => {
    delay.disable();
    const { user, system } = process.cpuUsage(cpu);
    return {
      cpuShare: (user + system) / 1000 / (performance.now() - started),
      eventLoopP99Ms: delay.percentile(99) / 1e6,
    };
  };
}

/** So many at once, each posting again when it was answered, until `count` messages or `seconds` are over. */
async function closed(note: Note): Promise<void> {
  const {
    concurrency,
    count = Infinity,
    seconds = Infinity,
    among = visitors.length,
  } = note as unknown as {
    concurrency: number;
    count?: number;
    seconds?: number;
    among?: number;
  };
  const self = watchSelf();
  const answered = new Latencies();
  const statuses: Record<number, number> = {};
  const startMs = nowMs();
  const endMs = startMs + seconds * 1000;
  let begun = 0;
  const worker = async (first: number): Promise<void> => {
    for (let who = first; begun < count; who = who + concurrency < among ? who + concurrency : first) {
      const before = nowMs();
      if (before >= endMs) return;
      begun++;
      const nth = sent[who]!++;
      const status = await lines.post(who, nth);
      // What was not accepted was not sent: the next message has its number.
      if (!TAKEN.has(status)) sent[who]!--;
      statuses[status] = (statuses[status] ?? 0) + 1;
      answered.record(nowMs() - before);
      if (status === 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, among) }, (_, first) => worker(first)));
  tell({ type: 'done', startMs, endMs: nowMs(), statuses, sent, answered: answered.summary(), self: self() });
}

async function scheduled(note: Note): Promise<void> {
  const { schedule, startMs } = note as unknown as { schedule: Schedule; startMs: number };
  const self = watchSelf();
  const outcome = await openLoop(schedule, startMs, (arrival) => {
    const who = schedule.visitor[arrival]!;
    sent[who]!++;
    return lines.post(who, schedule.nth[arrival]!);
  });
  tell({
    type: 'done',
    startMs,
    endMs: nowMs(),
    statuses: outcome.statuses,
    sent,
    answered: outcome.answered.summary(),
    answeredRaw: outcome.answered.raw(),
    lateness: outcome.lateness.summary(),
    self: self(),
  });
}

serveNotes({ open, closed, scheduled });
tell({ type: 'ready' });
