import type { Account, Message } from '@huiliu/contracts';
import { eventually, pause, type AgentClient, type FrameSocket, type VisitorClient } from '@huiliu/testing';
import { assignedTo, textsOf, type Stage } from '../../e2e/stage';

/** A writer waits so long before it says what was not taken again. */
const AGAIN_MS = 50;

/** Says one text after the other, each again under the same clientId until it is taken, as a page does. */
export class Writer {
  /** What was acknowledged, in order. */
  readonly said: string[] = [];
  /** Every answer that was no acknowledgement: its status, 0 where there was none at all. */
  readonly refusals: { readonly status: number; readonly retryAfter: string | null }[] = [];
  /** Requests that had left, and whose connection ended before their answer. */
  broken = 0;
  private stopped = false;
  private done: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    private readonly write: (text: string, clientId: string) => Promise<{ status: number; headers: Headers }>,
    private readonly pauseMs: number,
  ) {}

  start(): void {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }

  private async run(): Promise<void> {
    for (let i = 1; !this.stopped; i++) {
      const text = `${this.name} ${i}`;
      while (!(await this.taken(text, i)) && !this.stopped) await pause(AGAIN_MS);
      await pause(this.pauseMs);
    }
  }

  private async taken(text: string, i: number): Promise<boolean> {
    try {
      const { status, headers } = await this.write(text, `${this.name}-${i}`);
      if (status >= 200 && status < 300) {
        this.said.push(text);
        return true;
      }
      this.refusals.push({ status, retryAfter: headers.get('retry-after') });
    } catch (error) {
      this.refusals.push({ status: 0, retryAfter: null });
      if (!neverLeft(error)) this.broken += 1;
    }
    return false;
  }
}

/** Nobody took the connection at all. */
function neverLeft(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: unknown; errors?: { code?: unknown }[] } };
  return [cause, ...(cause?.errors ?? [])].some((one) => one?.code === 'ECONNREFUSED');
}

/** Customers who talk with one agent, until told to stop; and what came of it. */
export class Talk {
  private constructor(
    readonly account: Account,
    readonly agent: AgentClient,
    readonly visitors: readonly VisitorClient[],
    readonly customers: readonly Writer[],
    readonly answers: readonly Writer[],
  ) {}

  /** Everyone has been heard and everything is assigned before it begins. */
  static async begin(stage: Stage, conversations: number, pauseMs = 5): Promise<Talk> {
    const { account, agent } = await stage.desk(500);
    const visitors = await Promise.all(Array.from({ length: conversations }, () => stage.visitor(account)));
    await Promise.all(visitors.map((visitor) => visitor.say('开始')));
    await Promise.all(visitors.map(({ conversationId }) => assignedTo(agent, conversationId, agent.me.id)));
    const customers = visitors.map(
      (visitor, n) => new Writer(`customer${n}`, (text, id) => visitor.post(text, id), pauseMs),
    );
    const answers = visitors.map(
      ({ conversationId }, n) =>
        new Writer(`agent${n}`, (text, id) => agent.reply(conversationId, text, id), pauseMs * 3),
    );
    const talk = new Talk(account, agent, visitors, customers, answers);
    for (const writer of [...customers, ...answers]) writer.start();
    return talk;
  }

  /** How much has been acknowledged. */
  get count(): number {
    return [...this.customers, ...this.answers].reduce((sum, { said }) => sum + said.length, 0);
  }

  /** Resolves when each of these writers has been heard so many times more. */
  async heardAgain(times = 5, writers: readonly Writer[] = [...this.customers, ...this.answers], timeoutMs = 60_000): Promise<void> {
    const before = writers.map(({ said }) => said.length);
    await eventually(
      `everyone is heard ${times} times more`,
      () => writers.every(({ said }, n) => said.length >= before[n]! + times),
      timeoutMs,
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.customers, ...this.answers].map((writer) => writer.stop()));
  }

  /**
   * Counts, after `stop`: what is stored against what was acknowledged, on the agent's side and the customer's. Answers what is lost,
   * doubled, out of order or numbered with a hole.
   */
  async judge(timeoutMs = 60_000): Promise<string[]> {
    const wrong: string[] = [];
    for (const n of this.visitors.keys()) wrong.push(...(await this.judgeOne(n, timeoutMs)));
    return wrong;
  }

  private async judgeOne(n: number, timeoutMs: number): Promise<string[]> {
    const visitor = this.visitors[n]!;
    const writers = [this.customers[n]!, this.answers[n]!];
    const wrong: string[] = [];
    let stored: Message[] = [];
    try {
      await eventually(
        `all of conversation ${n} is stored`,
        async () => {
          stored = await this.agent.messages(visitor.conversationId);
          const texts = new Set(textsOf(stored));
          const missing = writers.flatMap(({ said }) => said.filter((text) => !texts.has(text)));
          if (missing.length > 0) throw new Error(`${missing.length} missing, the first is ${missing[0]}`);
          return true;
        },
        timeoutMs,
      );
    } catch (error) {
      wrong.push(error instanceof Error ? error.message : String(error));
    }
    if (stored.some((message, i) => message.seq !== i + 1)) wrong.push(`conversation ${n}: seq has a hole`);
    const shown = textsOf(await visitor.messages());
    for (const { name, said } of writers) {
      for (const [where, texts] of [
        ['stored', textsOf(stored)],
        ['with the customer', shown],
      ] as const) {
        const kept = texts.filter((text) => text.startsWith(`${name} `));
        // The last one may be there although nobody heard that it was taken.
        if (kept.slice(0, said.length).join() !== said.join() || kept.length > said.length + 1)
          wrong.push(`${name} said ${said.length}, ${where} are ${kept.length}, not the same in the same order`);
      }
    }
    return wrong;
  }
}

/** Whether a screen showed each message once and in the order of the record; what it was not told, or told twice. */
export async function judgeScreen(screen: FrameSocket, talk: Talk): Promise<string[]> {
  const wrong: string[] = [];
  for (const { conversationId } of talk.visitors) {
    const stored = (await talk.agent.messages(conversationId)).map(({ id }) => id);
    const shown = (): string[] =>
      screen.frames
        .filter((frame) => frame.type === 'message.created' && (frame.data as Message).conversationId === conversationId)
        .map((frame) => (frame.data as Message).id);
    await screen.waitFor('the last message', () => shown().includes(stored.at(-1)!)).catch(() => undefined);
    const seen = shown();
    if (seen.join() !== stored.slice(stored.length - seen.length).join())
      wrong.push(`the screen shows ${seen.length} of ${stored.length} messages of ${conversationId}, not in order`);
  }
  return wrong;
}
