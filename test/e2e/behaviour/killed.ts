import type { Account } from '@huiliu/contracts';
import { eventually, type AgentClient, type System, type VisitorClient } from '@huiliu/testing';
import { assignedTo, textsOf, type Stage } from '../stage';

/** Writes one text after the other until told to stop; remembers what was acknowledged. */
class Writer {
  readonly acknowledged: string[] = [];
  private stopped = false;
  private readonly done: Promise<void>;

  constructor(
    private readonly name: string,
    private readonly write: (text: string, clientId: string) => Promise<{ status: number }>,
  ) {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }

  /** A text is repeated under the same clientId until it is taken, as a page does; so what is acknowledged is in order. */
  private async run(): Promise<void> {
    for (let i = 1; !this.stopped; i++) {
      const text = `${this.name} ${i}`;
      while (!this.stopped) {
        const status = await this.write(text, `${this.name}-${i}`).then(
          (answer) => answer.status,
          () => 0,
        );
        if (status >= 200 && status < 300) {
          this.acknowledged.push(text);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

const isOurs = (text: string, name: string): boolean => text.startsWith(`${name} `);

/** kill -9 in the middle of everything. */
export function killed(stage: () => Stage, system: () => System, apps: readonly string[]): void {
  describe('kill -9', () => {
    it.each(apps)('of %s: nothing acknowledged is missing after the restart, nothing is there twice', async (app) => {
      const { account, agent } = await stage().desk(500);
      const visitors = await Promise.all([1, 2, 3].map(() => stage().visitor(account)));
      await Promise.all(visitors.map((visitor) => visitor.say('开始')));
      await Promise.all(visitors.map((visitor) => assignedTo(agent, visitor.conversationId, agent.me.id)));
      const writers = visitors.map(
        (visitor, i) => new Writer(`visitor${i}`, (text, clientId) => visitor.post(text, clientId)),
      );
      const answering = visitors.map(
        (visitor, i) =>
          new Writer(`agent${i}`, (text, clientId) => agent.reply(visitor.conversationId, text, clientId)),
      );
      const all = [...writers, ...answering];
      try {
        await eventually('everyone has been heard', () => all.every((one) => one.acknowledged.length >= 10), 60_000);
        await system().kill(app);
        await system().restart();
        const heard = all.map((one) => one.acknowledged.length);
        const heardAgain = (): boolean => all.every((one, i) => one.acknowledged.length >= (heard[i] ?? 0) + 5);
        await eventually('everyone is heard again', heardAgain, 60_000);
      } finally {
        await Promise.all(all.map((one) => one.stop()));
      }
      const acknowledged = all.map((one) => one.acknowledged);

      for (const [i, visitor] of visitors.entries()) {
        await eventually(
          `all of visitor ${i} is stored`,
          () => isStored(agent, visitor, acknowledged[i] ?? []),
          60_000,
        );
        const stored = await agent.messages(visitor.conversationId);
        const texts = textsOf(stored);
        expect(stored.map((message) => message.seq)).toEqual(stored.map((_, n) => n + 1));
        for (const [name, said] of [
          [`visitor${i}`, acknowledged[i] ?? []],
          [`agent${i}`, acknowledged[visitors.length + i] ?? []],
        ] as const) {
          const kept = texts.filter((text) => isOurs(text, name));
          // The last one may have been stored although nobody heard that it was.
          expect(kept.slice(0, said.length)).toEqual(said);
          expect(kept.length).toBeLessThanOrEqual(said.length + 1);
        }
        await eventually(`the visitor ${i} has every answer`, async () => {
          const seen = textsOf(await visitor.messages());
          return (acknowledged[visitors.length + i] ?? []).every(
            (text) => seen.filter((one) => one === text).length === 1,
          );
        });
      }
      await newcomerIsServed(stage(), account, agent);
    });
  });
}

async function isStored(agent: AgentClient, visitor: VisitorClient, said: readonly string[]): Promise<boolean> {
  const texts = new Set(textsOf(await agent.messages(visitor.conversationId)));
  return said.every((text) => texts.has(text));
}

/** New conversations are routed as before. */
async function newcomerIsServed(stage: Stage, account: Account, agent: AgentClient): Promise<void> {
  const newcomer = await stage.visitor(account);
  await newcomer.say('刚来的');
  await assignedTo(agent, newcomer.conversationId, agent.me.id);
}
