import { Injectable } from '@nestjs/common';

/** Answers null when well, else what is wrong in a few words (no data of anyone). */
export type Probe = () => string | null | Promise<string | null>;

export interface Readiness {
  readonly status: 'ok' | 'unavailable';
  /** What is wrong, by the name of the probe; empty when all is well. */
  readonly checks: Readonly<Record<string, string>>;
}

const PROBE_MS = 2000;

/** What `/readyz` asks. Parts add their probes as they are made; the process is ready when none complains. */
@Injectable()
export class HealthRegistry {
  private readonly probes = new Map<string, Probe>();

  /** Adds a probe (or replaces the one of that name); the answer takes it away again. */
  add(name: string, probe: Probe): () => void {
    this.probes.set(name, probe);
    return () => {
      if (this.probes.get(name) === probe) this.probes.delete(name);
    };
  }

  async readiness(): Promise<Readiness> {
    const answers = await Promise.all([...this.probes].map(async ([name, probe]) => [name, await ask(probe)] as const));
    const wrong = answers.filter((entry): entry is readonly [string, string] => entry[1] !== null);
    return { status: wrong.length === 0 ? 'ok' : 'unavailable', checks: Object.fromEntries(wrong) };
  }
}

/** A probe that hangs is as bad as one that complains. */
async function ask(probe: Probe): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, PROBE_MS, 'no answer in time');
  });
  try {
    return await Promise.race([Promise.resolve().then(probe), late]);
  } catch {
    return 'the check itself failed';
  } finally {
    clearTimeout(timer);
  }
}
