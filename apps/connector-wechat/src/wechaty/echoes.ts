import type { Clock } from '@huiliu/storage';

/** An answer without an id is waited for so long as the message that comes back. */
const ECHO_MS = 3_000;
/** What went out without an id is known by its words for so long. */
const LATE_MS = 60_000;

interface Awaited {
  readonly to: string;
  /** Null: a file. */
  readonly text: string | null;
  readonly seen: (remoteId: string) => void;
  readonly untilMs: number;
}

/**
 * Everything that is sent comes back as a message of our own. It is left out by its id; but a puppet may give none, and a message may
 * come back before its answer: then what was just said to that conversation tells which id it has.
 */
export class Echoes {
  private awaited: Awaited[] = [];

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** Runs one send. Answers the id that the puppet or the echo gave, whichever came first; null where neither did. */
  async during(to: string, text: string | null, send: () => Promise<string | void>): Promise<string | null> {
    let seen: (remoteId: string) => void = () => undefined;
    const echo = new Promise<string>((resolve) => (seen = resolve));
    const untilMs = this.clock.now().getTime() + LATE_MS;
    const one: Awaited = { to, text, seen, untilMs };
    this.awaited.push(one);
    try {
      const answer = await Promise.race([send(), echo]);
      const remoteId = answer ? answer : await first(echo, ECHO_MS);
      // Without an id it is still to be known when it comes back late.
      if (remoteId !== null) this.forget(one);
      return remoteId;
    } catch (error) {
      this.forget(one);
      throw error;
    }
  }

  /** Whether this message of ours is one that was just sent from here; its send then knows the id. */
  claims(conversation: string, text: string | null, remoteId: string): boolean {
    const nowMs = this.clock.now().getTime();
    this.awaited = this.awaited.filter(({ untilMs }) => untilMs > nowMs);
    const one = this.awaited.find((candidate) => candidate.to === conversation && candidate.text === text);
    if (one === undefined) return false;
    this.forget(one);
    one.seen(remoteId);
    return true;
  }

  private forget(one: Awaited): void {
    this.awaited = this.awaited.filter((other) => other !== one);
  }
}

async function first(echo: Promise<string>, ms: number): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), ms).unref()));
  try {
    return await Promise.race([echo, late]);
  } finally {
    clearTimeout(timer);
  }
}
