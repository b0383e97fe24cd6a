import { socketUrl, type AgentClient } from '@huiliu/testing';
import { BenchProcess } from './child';
import type { LatencySummary } from './histogram';
import type { Counts } from './recount';
import type { Schedule } from '../load/schedule';

export interface ScreensReport {
  readonly counts: Counts;
  readonly lastMs: number;
  readonly cutOff: number;
  readonly frames: number;
  readonly bytes: number;
  readonly shown: LatencySummary;
  readonly shownRaw: [number, number][];
}

/** Everybody's screens, watched by a process of their own. */
export class Screens {
  private least = 0;

  private constructor(readonly process: BenchProcess) {}

  static async open(urls: readonly string[]): Promise<Screens> {
    const screens = new Screens(await BenchProcess.start('watchers', 'load/watchers'));
    await screens.process.ask({ type: 'open', urls }, 'opened');
    return screens;
  }

  /** The agents' own sockets, as their pages open them; `at`: another address than the one in front. */
  static async ofAgents(agents: readonly AgentClient[], at?: string): Promise<Screens> {
    const urls: string[] = [];
    for (const agent of agents)
      urls.push(socketUrl(at ?? agent.baseUrl, `/ws?ticket=${encodeURIComponent(await agent.ticket())}`));
    return Screens.open(urls);
  }

  async begin(
    options: { schedule?: Schedule; startMs?: number; conversations?: string[]; expected?: number } = {},
  ): Promise<void> {
    await this.process.ask({ type: 'begin', ...options }, 'begun');
  }

  /** Resolves when the slowest screen has been shown so many messages in all; false when nothing came for so long. */
  async shown(count: number, quietMs = 20_000): Promise<boolean> {
    while (this.least < count) {
      const note = await this.process.next<{ least: number }>('progress', quietMs).catch(() => null);
      if (note === null) return false;
      this.least = note.least;
    }
    return true;
  }

  report(sent: ReadonlyMap<string, number>): Promise<ScreensReport> {
    return this.process.ask<ScreensReport & { type: string }>({ type: 'report', sent: [...sent] }, 'report');
  }

  get seen(): number {
    return this.least;
  }

  async close(): Promise<void> {
    await this.process.ask({ type: 'close' }, 'closed').catch(() => undefined);
    await this.process.close();
  }
}
