import type { VisitorSession } from '@huiliu/contracts';
import { call, expectStatus } from '@huiliu/testing';
import type { Schedule } from '../load/schedule';
import type { LoadVisitor, Target } from '../load/visitor-lines';
import type { PushAccount } from '../load/wechat-pushes';
import { BenchProcess } from './child';
import type { LatencySummary } from './histogram';

/** What the visitors' process says of a run. */
export interface CrowdOutcome {
  readonly startMs: number;
  readonly endMs: number;
  /** How many answers of each status; 0: the connection broke. */
  readonly statuses: Readonly<Record<number, number>>;
  /** How many messages each visitor has sent in all. */
  readonly sent: readonly number[];
  readonly answered: LatencySummary;
  readonly lateness?: LatencySummary;
  readonly self: { readonly cpuShare: number; readonly eventLoopP99Ms: number };
}

/** Visitors with open sessions, and the process that writes for them. */
export class Crowd {
  private constructor(
    readonly process: BenchProcess,
    readonly conversations: readonly string[],
  ) {}

  /** Sessions that the product opens, `count` of them; messages are posted to `at`. */
  static async open(baseUrl: string, accountId: string, count: number, at = baseUrl): Promise<Crowd> {
    const visitors: LoadVisitor[] = [];
    for (let i = 0; i < count; i++) {
      const answer = await call<VisitorSession>(baseUrl, 'POST', `/webchat/${accountId}/session`, { json: {} });
      const { token, conversationId } = expectStatus(answer, 200, 201);
      visitors.push({ token, conversationId });
    }
    return Crowd.of(visitors, at, accountId);
  }

  /** `push`: they are customers of an official account, and what comes is WeChat's pushes. */
  static async of(visitors: readonly LoadVisitor[], at: string, accountId: string, push?: PushAccount): Promise<Crowd> {
    const { hostname, port } = new URL(at);
    const path = push === undefined ? `/webchat/${accountId}/messages` : `/webhooks/wechat-official/${accountId}`;
    const target: Target = { host: hostname, port: Number(port), path };
    const process = await BenchProcess.start('visitors', 'load/visitors');
    await process.ask({ type: 'open', target, visitors, ...(push === undefined ? {} : { push }) }, 'opened');
    return new Crowd(
      process,
      visitors.map(({ conversationId }) => conversationId),
    );
  }

  /** `concurrency` of the first `among` at a time, each writing again when answered, for so many messages or so many seconds. */
  write(options: { concurrency: number; count?: number; seconds?: number; among?: number }): Promise<CrowdOutcome> {
    return this.process.ask<CrowdOutcome & { type: string }>({ type: 'closed', ...options }, 'done');
  }

  /** Messages at their times. */
  writeOnSchedule(schedule: Schedule, startMs: number): Promise<CrowdOutcome> {
    return this.process.ask<CrowdOutcome & { type: string }>({ type: 'scheduled', schedule, startMs }, 'done');
  }

  /** How many messages each conversation got. */
  sentBy(outcome: CrowdOutcome): Map<string, number> {
    return new Map(this.conversations.map((conversation, i) => [conversation, outcome.sent[i] ?? 0]));
  }

  close(): Promise<void> {
    return this.process.close();
  }
}

export const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, one) => total + one, 0);

/** How many messages were accepted (202), or pushes taken (200). */
export const accepted = ({ statuses }: CrowdOutcome): number => (statuses[202] ?? 0) + (statuses[200] ?? 0);

/** How many posts were not accepted, by what they were answered (0: the connection broke). */
export const refused = ({ statuses }: CrowdOutcome): Record<string, number> =>
  Object.fromEntries(Object.entries(statuses).filter(([status]) => status !== '202' && status !== '200'));

/** Above this share of a core the load itself may have been what was slow. */
export const GENERATOR_SHARE = 0.85;
