import type { Account } from '@huiliu/contracts';
import { pause, type AgentClient, type VisitorClient } from '@huiliu/testing';
import { Screen } from './screen';
import type { World } from './world';

export interface LoadOptions {
  readonly conversations: number;
  /** What each customer writes; for ever where it is not said. */
  readonly messagesEach?: number;
  readonly answersEach?: number;
  /** Messages and answers a second at most, all together. */
  readonly perSecond: number;
  readonly agents?: number;
  /** So many of the customers keep their page open. */
  readonly pages?: number;
  /** Everything is posted once more after it was taken, as by a page that missed the answer. */
  readonly again?: boolean;
  /** Added to every text, to make it long. */
  readonly padding?: string;
}

/** What one person wrote in one conversation, in their order. */
export class Line {
  /** Acknowledged: 202 for a customer, 2xx for an agent. */
  readonly acknowledged: string[] = [];
  /** Tried, and nobody knows: stored or not, either is right. */
  unsure: string | null = null;
}

export interface Talk {
  readonly visitor: VisitorClient;
  readonly agent: AgentClient;
  readonly said: Line;
  readonly answered: Line;
}

const CLIENT_WAITS_MS = [50, 250] as const;
/** How many conversations are opened at once. */
const TOGETHER = 20;

/** Lets so many through a second, evenly. */
class Pace {
  private nextMs = 0;

  constructor(private readonly everyMs: number) {}

  async turn(): Promise<void> {
    const now = Date.now();
    this.nextMs = Math.max(this.nextMs, now - 1_000) + this.everyMs;
    if (this.nextMs > now) await pause(this.nextMs - now);
  }
}

/** The slowest answer to a customer since the last look. */
class Slowest {
  private ms = 0;

  saw(ms: number): void {
    this.ms = Math.max(this.ms, ms);
  }

  /** Begins anew; answers how to look. */
  restart(): () => number {
    this.ms = 0;
    return () => Math.round(this.ms);
  }
}

/**
 * Customers who write and agents who answer, all at once and at a bounded rate. Each text is repeated under its clientId until it is
 * taken, as a page does, and only then comes the next: so what is acknowledged is in order.
 */
export class Load {
  readonly talks: Talk[] = [];
  /** Agents' pages, one for each agent. */
  screens: Screen[] = [];
  /** Customers' pages, by conversation. */
  readonly pages = new Map<string, Screen>();
  /** How often which answer came; 0: none at all. */
  readonly answers = new Map<string, number>();
  agents: AgentClient[] = [];
  /** Requests whose connection ended before their answer: they may have been begun. */
  cut = 0;
  readonly slowestMs = new Slowest();
  private readonly pace: Pace;
  private stopped = false;
  private running: Promise<unknown> = Promise.resolve();
  private failure: Error | null = null;

  private constructor(
    readonly account: Account,
    private readonly options: LoadOptions,
  ) {
    this.pace = new Pace(1000 / options.perSecond);
  }

  /** Sets the stage and begins. */
  static async start({ stage, atEnd }: World, options: LoadOptions): Promise<Load> {
    const account = await stage.account();
    const load = new Load(account, options);
    atEnd(async () => {
      load.stopped = true;
      await load.closePages();
    });
    load.agents = await Promise.all(
      Array.from({ length: options.agents ?? 2 }, () => stage.person('agent', options.conversations)),
    );
    await stage.team([account], load.agents);
    for (const agent of load.agents) await agent.setPresence('online');
    load.screens = await Promise.all(load.agents.map((agent, n) => Screen.ofAgent(agent, `agent ${n}`)));
    for (let at = 0; at < options.conversations; at += TOGETHER) {
      const some = Array.from({ length: Math.min(TOGETHER, options.conversations - at) }, async (_, n) => {
        const visitor = await stage.visitor(account);
        const agent = load.agents[(at + n) % load.agents.length] as AgentClient;
        load.talks.push({ visitor, agent, said: new Line(), answered: new Line() });
      });
      await Promise.all(some);
    }
    for (const { visitor } of load.talks.slice(0, options.pages ?? 0))
      load.pages.set(visitor.conversationId, await Screen.ofVisitor(visitor));
    load.begin();
    return load;
  }

  get acknowledged(): number {
    return this.talks.reduce(
      (sum, { said, answered }) => sum + said.acknowledged.length + answered.acknowledged.length,
      0,
    );
  }

  /** Resolves when everyone has written all they wanted. */
  async finished(): Promise<void> {
    await this.running;
    if (this.failure !== null) throw this.failure;
  }

  /** Everyone ends with what they are about. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.finished();
  }

  async closePages(): Promise<void> {
    await Promise.all([...this.screens, ...this.pages.values()].map((screen) => screen.close()));
  }

  private begin(): void {
    const { messagesEach = Infinity, answersEach = Infinity } = this.options;
    this.running = Promise.all(
      this.talks.flatMap(({ visitor, agent, said, answered }, n) => [
        this.write(said, `q${n}`, messagesEach, (text, clientId) => visitor.post(text, clientId)),
        // The conversation appears with its first message: until then it is not there to be answered.
        this.write(answered, `a${n}`, answersEach, (text, clientId) =>
          agent.reply(visitor.conversationId, text, clientId),
        ),
      ]),
    ).catch((error: unknown) => {
      this.failure = error instanceof Error ? error : new Error(String(error));
      this.stopped = true;
    });
  }

  private async write(
    line: Line,
    name: string,
    count: number,
    post: (text: string, clientId: string) => Promise<{ status: number; text: string }>,
  ): Promise<void> {
    for (let n = 1; n <= count && !this.stopped; n++) {
      const text = `${name} ${n}${this.options.padding ?? ''}`;
      line.unsure = text;
      for (let waitMs: number = CLIENT_WAITS_MS[0]; !this.stopped; waitMs = Math.min(waitMs * 2, CLIENT_WAITS_MS[1])) {
        await this.pace.turn();
        const askedMs = performance.now();
        const answer = await post(text, `${name}-${n}`).catch((error: unknown) => {
          if (!neverLeft(error)) this.cut += 1;
          return { status: 0, text: '' };
        });
        if (name[0] === 'q') this.slowestMs.saw(performance.now() - askedMs);
        const kind = `${name[0] === 'q' ? 'message' : 'answer'} ${answer.status}`;
        this.answers.set(kind, (this.answers.get(kind) ?? 0) + 1);
        if (answer.status >= 200 && answer.status < 300) {
          line.acknowledged.push(text);
          line.unsure = null;
          if (this.options.again) await post(text, `${name}-${n}`);
          break;
        }
        if (!mayPass(answer.status, name))
          throw new Error(`${name} ${n} was answered ${answer.status}: ${answer.text}`);
        await pause(waitMs);
      }
    }
  }
}

/** What a client repeats: no answer, trouble that is said to be trouble, and a conversation that is not there yet. */
function mayPass(status: number, name: string): boolean {
  return status === 0 || status === 502 || status === 503 || status === 504 || (status === 404 && name[0] === 'a');
}

/** Nobody took the connection at all. */
function neverLeft(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: unknown; errors?: { code?: unknown }[] } };
  return [cause, ...(cause?.errors ?? [])].some((one) => one?.code === 'ECONNREFUSED');
}
