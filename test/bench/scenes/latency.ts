import type { InboxEvent } from '@huiliu/contracts';
import type { ScreensReport } from '../lib/agents-screens';
import { GENERATOR_SHARE, refused, type CrowdOutcome } from '../lib/crowd';
import { addCpu, type CpuUse } from '../lib/cpu';
import { Latencies, type LatencySummary } from '../lib/histogram';
import { nthOf } from '../lib/messages';
import { cpuFigures } from '../lib/own-cpu';
import { addCounts } from '../lib/recount';
import { pause, round, say, type Scene } from '../lib/scene';
import { endsOf, readSince, type KeptRecord } from '../lib/topic-reader';
import { openWebsite, saturate, WARM_UP_SECONDS, type Website } from '../lib/website';
import { nowMs } from '../load/open-loop';
import { poisson, type Schedule } from '../load/schedule';
import { proveGenerator } from '../load/proof';

const FACTS = 'inbox.events.v1';
const VISITORS = 500;
/** Visitors who write for the first time in a stage: what assigning takes. */
const NEWCOMERS = 20;
/** The generator's proof: a p99 as it must come out, give or take what a busy machine adds. */
const PROOF_MS = { least: 180, most: 215 };
/** As in `website`: every visitor at once. */
const CONCURRENCY = VISITORS;
const SHARES = [0.1, 0.25, 0.5, 0.75];
/** Half of what the peer carries: the rate at which it was measured. */
const PEER_HALF_PER_SECOND = 139;
const SATURATION_SECONDS = 4;
const LEAD_MS = 500;
/** Before each stage: what full speed leaves behind (garbage, files to be written, code to be compiled) is no part of the next rate. */
const REST_MS = 15_000;
/**
 * And then so long at the stage's own rate. What few messages at a time take (a transaction for one, a fetch that waits) is other code than full
 * speed's, and the broker's compiler, Node's, and the pages of memory have not met it: at 139/s the first half minute had a p99 of 354 ms, the
 * next ones 112, 82 and 98. What is asked is what a product at work takes.
 */
const LEAD_IN_SECONDS = 20;

interface Stage {
  readonly name: string;
  readonly perSecond: number;
  readonly messages: number;
  /** Due until on an agent's screen, over all agents. */
  readonly shown: LatencySummary;
  readonly acknowledged: LatencySummary;
  readonly stored: LatencySummary;
  readonly pushed: LatencySummary;
  readonly assigned: LatencySummary;
  readonly lateness: LatencySummary | undefined;
  readonly generatorCpuShare: number;
  /** Posts that were not accepted, by status; 0: the connection broke. They make holes, and count as lost. */
  readonly refused: Readonly<Record<string, number>>;
  readonly shownRaw: [number, number][];
}

/** The whole way in an open loop: arrivals at their times whatever is outstanding, each measured from when it was due. */
export const latency: Scene = async ({ seconds, seed }) => {
  const proof = await proveGenerator(seed);
  const proven = (proof.p99Ms ?? 0) >= PROOF_MS.least && (proof.p99Ms ?? 0) <= PROOF_MS.most;
  say(
    `latency: of a server that stalls the generator measures a p99 of ${round(proof.p99Ms ?? 0)} ms, ${proven ? 'as it must' : 'WRONG or on a busy machine'}`,
  );
  const site = await openWebsite(VISITORS + NEWCOMERS * (SHARES.length + 1));
  try {
    await saturate(site, { concurrency: CONCURRENCY, seconds: WARM_UP_SECONDS, among: VISITORS });
    const saturation = await saturate(site, { concurrency: CONCURRENCY, seconds: SATURATION_SECONDS, among: VISITORS });
    const rate = saturation.carriedPerSecond;
    const steps = [
      ...SHARES.map((share) => ({ name: `${share * 100} %`, perSecond: rate * share })),
      { name: `${PEER_HALF_PER_SECOND}/s`, perSecond: PEER_HALF_PER_SECOND },
    ];
    const stages: Stage[] = [];
    const uses: CpuUse[] = [];
    let sent = saturation.outcome.sent;
    let outcome: CrowdOutcome = saturation.outcome;
    for (const [i, step] of steps.entries()) {
      const leadIn = poisson({
        perSecond: step.perSecond,
        seconds: LEAD_IN_SECONDS,
        visitors: VISITORS + NEWCOMERS * i,
        seed: seed + steps.length + i,
        first: sent,
      });
      await pause(REST_MS);
      sent = (await runStage(site, leadIn)).outcome.sent;
      const schedule = poisson({
        perSecond: step.perSecond,
        seconds: Math.max(3, seconds / 2),
        visitors: VISITORS + NEWCOMERS * (i + 1),
        seed: seed + i,
        first: sent,
      });
      const before = await endsOf(site.services.brokers, FACTS);
      const meter = site.meter();
      const run = await runStage(site, schedule);
      uses.push(meter.read());
      const facts = await readSince(site.services.brokers, FACTS, before);
      outcome = run.outcome;
      sent = outcome.sent;
      stages.push({ ...step, ...figures(site, facts, schedule, run), messages: schedule.dueMs.length });
      say(
        `  ${step.name} (${Math.round(step.perSecond)}/s): p50 ${run.report.shown.p50Ms} p99 ${run.report.shown.p99Ms} ms`,
      );
    }
    const { counts, cutOff } = await site.recount(outcome);
    const half = stages[2]!;
    const messages = stages.reduce((sum, stage) => sum + stage.messages, 0);
    return {
      scene: 'latency',
      ratio: null,
      ratioRange: null,
      floor: null,
      system: round(rate),
      unit: 'messages/s',
      ...cpuFigures([addCpu(uses)], messages),
      ...addCounts([counts]),
      p50Ms: half.shown.p50Ms,
      p99Ms: half.shown.p99Ms,
      details: {
        latencyOf: 'due until on an agent’s screen, at half of what the system carries; over all agents',
        carriedPerSecond: round(rate),
        p99MsAt139PerSecond: stages.at(-1)!.shown.p99Ms,
        generatorProof: { ...proof, proven },
        generatorWasTheBottleneck: stages.some(({ generatorCpuShare }) => generatorCpuShare > GENERATOR_SHARE),
        socketsCutOff: cutOff,
        stages,
      },
      settings: {
        seed,
        visitors: VISITORS,
        newcomers: NEWCOMERS,
        agents: site.desk.agents.length,
        restMs: REST_MS,
        leadInSeconds: LEAD_IN_SECONDS,
      },
    };
  } finally {
    await site.close();
  }
};

interface Run {
  readonly outcome: CrowdOutcome;
  readonly report: ScreensReport;
  readonly startMs: number;
}

async function runStage(site: Website, schedule: Schedule): Promise<Run> {
  const before = site.screens.seen;
  const startMs = nowMs() + LEAD_MS;
  await site.screens.begin({
    schedule,
    startMs,
    conversations: [...site.crowd.conversations],
    expected: before + schedule.dueMs.length,
  });
  const outcome = await site.crowd.writeOnSchedule(schedule, startMs);
  await site.screens.shown(before + schedule.dueMs.length);
  // What follows a message (its conversation’s state) may still be on its way.
  await pause(LEAD_MS);
  return { outcome, startMs, report: await site.screens.report(new Map()) };
}

/** The stage clocks, from the facts on the bus. */
function figures(
  site: Website,
  facts: readonly KeptRecord[],
  schedule: Schedule,
  { outcome, report, startMs }: Run,
): Omit<Stage, 'name' | 'perSecond' | 'messages'> {
  const due = new Map<string, number>();
  schedule.dueMs.forEach((ms, i) => {
    due.set(`${site.crowd.conversations[schedule.visitor[i]!]}/${schedule.nth[i]}`, startMs + ms);
  });
  const [stored, pushed, assigned] = [new Latencies(), new Latencies(), new Latencies()];
  const waiting = new Map<string, number>();
  for (const { value, appendedMs } of facts) {
    const event = JSON.parse(value.toString()) as InboxEvent;
    if (event.type === 'message.created') {
      const { conversationId, clientId, seq } = event.data.message;
      const dueMs = due.get(`${conversationId}/${nthOf(clientId)}`);
      if (dueMs === undefined) continue;
      stored.record(Date.parse(event.occurredAt) - dueMs);
      pushed.record(appendedMs - dueMs);
      if (seq === 1) waiting.set(conversationId, dueMs);
    } else if (event.type === 'conversation.updated' && event.data.conversation.assignee !== null) {
      const dueMs = waiting.get(event.data.conversation.id);
      if (dueMs !== undefined) assigned.record(appendedMs - dueMs);
      waiting.delete(event.data.conversation.id);
    }
  }
  return {
    shown: report.shown,
    shownRaw: report.shownRaw,
    acknowledged: outcome.answered,
    stored: stored.summary(),
    pushed: pushed.summary(),
    assigned: assigned.summary(),
    lateness: outcome.lateness,
    generatorCpuShare: round(outcome.self.cpuShare, 2),
    refused: refused(outcome),
  };
}
