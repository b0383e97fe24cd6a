import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request as httpRequest } from 'node:http';
import { HealthRegistry } from '@huiliu/platform';
import type { EdgeConfig } from './edge-config';
import { preferenceOf } from './rendezvous';

export const EDGE_CONFIG = Symbol('EdgeConfig');

/** `silent`: it has not said how it is for a moment, as one that is very busy; `dead`: nobody listens there, or it has been silent for long. */
type State = 'ready' | 'alive' | 'silent' | 'dead';

const LOOK_MS = 1_000;
/** Longer than a process takes to say that one of its parts does not answer it. */
const ANSWER_MS = 2_500;
const SILENT_MS = 10_000;

/** The processes behind the edge: which of them live, and whom to ask next. */
@Injectable()
export class Upstreams implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Connections are kept, but for less long than the apps keep them: one that an app closes is not used again. */
  readonly agent = new Agent({ keepAlive: true, maxFreeSockets: 256, timeout: 60_000 });
  /** For looking how they are, which waits for nobody's requests. */
  private readonly probes = new Agent({ keepAlive: true, timeout: 60_000 });
  private readonly states = new Map<string, State>();
  private readonly addresses = new Map<string, { readonly host: string; readonly port: number }>();
  /** When each was heard last, by the process's own clock. */
  private readonly heardMs = new Map<string, number>();
  private readonly turns = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(EDGE_CONFIG) private readonly config: EdgeConfig,
    @Inject(HealthRegistry) health: HealthRegistry,
  ) {
    for (const [app, origins] of config.upstreams) {
      for (const origin of origins) this.states.set(origin, 'dead');
      health.add(app, async () => {
        // Asked now, not remembered: a process that has just died must not count as ready.
        const states = await Promise.all(origins.map((origin) => this.look(origin)));
        const missing = states.filter((state) => state !== 'ready').length;
        return missing === 0 ? null : `${missing} of ${origins.length} not ready`;
      });
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.lookAtAll();
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.agent.destroy();
    this.probes.destroy();
  }

  /** True when such an app stands behind this edge at all. */
  has(app: string): boolean {
    return this.config.upstreams.has(app);
  }

  /** True when it matters which process of an app is asked. */
  hasSeveral(app: string): boolean {
    return (this.config.upstreams.get(app)?.length ?? 0) > 1;
  }

  appOf(channel: string): string | null {
    return this.config.appOf(channel);
  }

  /**
   * Whom to ask, best first. Those that are ready before those that only live, silent ones where there are no others; a sticky key keeps to its
   * process while that lives.
   */
  candidates(app: string, sticky: string | null): string[] {
    const origins = this.config.upstreams.get(app) ?? [];
    const heard = origins.filter(
      (origin) => this.states.get(origin) === 'ready' || this.states.get(origin) === 'alive',
    );
    const living = heard.length > 0 ? heard : origins.filter((origin) => this.states.get(origin) === 'silent');
    if (sticky !== null) return preferenceOf(sticky, living);
    const ready = living.filter((origin) => this.states.get(origin) === 'ready');
    const pool = ready.length > 0 ? ready : living;
    const turn = (this.turns.get(app) ?? 0) % Math.max(1, pool.length);
    this.turns.set(app, turn + 1);
    return [...pool.slice(turn), ...pool.slice(0, turn)];
  }

  /** Where an origin is connected to. */
  addressOf(origin: string): { readonly host: string; readonly port: number } {
    let address = this.addresses.get(origin);
    if (address === undefined) {
      const { hostname, port } = new URL(origin);
      // As `http` takes it: an IPv6 address without its brackets.
      address = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 80) };
      this.addresses.set(origin, address);
    }
    return address;
  }

  /** A connection was refused: nobody asks it until it is seen alive again. */
  gone(origin: string): void {
    this.states.set(origin, 'dead');
  }

  private async lookAtAll(): Promise<void> {
    await Promise.all([...this.states.keys()].map((origin) => this.look(origin)));
    this.timer = setTimeout(() => void this.lookAtAll(), LOOK_MS).unref();
  }

  private async look(origin: string): Promise<State> {
    const answer = await statusOf(`${origin}/readyz`, this.probes);
    const now = performance.now();
    let state: State = answer === 200 ? 'ready' : typeof answer === 'number' ? 'alive' : 'dead';
    if (typeof answer === 'number') this.heardMs.set(origin, now);
    else if (answer === 'silence' && now - (this.heardMs.get(origin) ?? -SILENT_MS) < SILENT_MS) state = 'silent';
    this.states.set(origin, state);
    return state;
  }
}

/** The status that a process answers; `silence` when it does not in time, null when it cannot be reached or breaks off. */
function statusOf(url: string, agent: Agent): Promise<number | 'silence' | null> {
  return new Promise((resolve) => {
    const request = httpRequest(url, { agent, timeout: ANSWER_MS }, (response) => {
      response.resume();
      resolve(response.statusCode ?? null);
    });
    request.on('timeout', () => {
      resolve('silence');
      request.destroy();
    });
    request.on('error', () => resolve(null));
    request.on('close', () => resolve(null));
    request.end();
  });
}
