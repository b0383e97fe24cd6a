import type { Logger } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';

const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/** Does something until it succeeds, slower each time; ends when `signal` aborts. `what` is named in the log. */
export async function retrying(
  what: string,
  logger: Logger,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  for (let delay = FIRST_MS; !signal.aborted; delay = Math.min(LONGEST_MS, delay * 2)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ err: error, againInMs: delay }, `${what}: not yet`);
      await wait(delay, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
