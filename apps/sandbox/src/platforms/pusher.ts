import { setTimeout as wait } from 'node:timers/promises';
import type { Schedule } from './control-shapes';
import type { Delivery } from './delivery';
import type { Push } from './platform';

export type { Delivery } from './delivery';

/** As the real platforms do it: 5 s for an answer, three tries. */
export const REAL_SCHEDULE: Schedule = { answerMs: 5_000, pauseMs: 5_000, tries: 3 };

/** Sends one push until it is taken or given up. `once`: no second try (what forgers do); `unanswered`: none after an answer. */
export async function deliver(
  address: string,
  push: Push,
  schedule: Schedule,
  again: 'always' | 'unanswered' | 'once' = 'always',
): Promise<Delivery> {
  const began = performance.now();
  const tries = again === 'once' ? 1 : schedule.tries;
  let status: number | null = null;
  let answer = '';
  for (let n = 1; n <= tries; n++) {
    if (n > 1) await wait(schedule.pauseMs);
    try {
      const response = await fetch(`${address}?${push.query}`, {
        method: 'POST',
        headers: { 'content-type': push.contentType },
        body: push.body,
        redirect: 'manual',
        signal: AbortSignal.timeout(schedule.answerMs),
      });
      status = response.status;
      answer = (await response.text()).slice(0, 2000);
      if (status === 200) return outcome(true, n);
      if (again === 'unanswered') return outcome(false, n);
    } catch {
      status = null;
    }
  }
  return outcome(false, tries);

  function outcome(taken: boolean, done: number): Delivery {
    return { id: push.id, taken, tries: done, status, answer, tookMs: Math.round(performance.now() - began) };
  }
}
