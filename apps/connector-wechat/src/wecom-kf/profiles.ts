import { z } from 'zod';
import type { Clock } from '@huiliu/storage';
import { clean } from '../shared/fields';
import type { WecomClient } from './client';
import type { Profile } from './inbound';

const BATCH_GET = '/cgi-bin/kf/customer/batchget';
/** The most that one call takes. */
const MOST_AT_ONCE = 100;
const KNOWN_MS = 24 * 3600_000;
/** After a refusal nobody is asked for so long. */
const REST_MS = 60_000;
const MOST_REMEMBERED = 20_000;

const Answer = z.object({ customer_list: z.array(z.unknown()).default([]) });
const Customer = z.object({
  external_userid: z.string(),
  nickname: z.string().catch(''),
  avatar: z.string().catch(''),
});

/** Customers' names and pictures, asked for by the hundred and kept for a day. A message never waits for one that is not to be had. */
export class Profiles {
  private readonly known = new Map<string, { readonly profile: Profile; readonly untilMs: number }>();
  private restUntilMs = 0;

  constructor(
    private readonly client: WecomClient,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  of(customer: string): Profile {
    return this.known.get(customer)?.profile ?? {};
  }

  /** Asks for those that are not known. Never throws. */
  async learn(customers: readonly string[], signal: AbortSignal): Promise<void> {
    const nowMs = this.clock.now().getTime();
    const unknown = [...new Set(customers)].filter((id) => (this.known.get(id)?.untilMs ?? 0) <= nowMs);
    try {
      for (let at = 0; at < unknown.length && nowMs >= this.restUntilMs; at += MOST_AT_ONCE)
        await this.ask(unknown.slice(at, at + MOST_AT_ONCE), nowMs, signal);
    } catch {
      this.restUntilMs = nowMs + REST_MS;
    }
  }

  private async ask(external_userid_list: readonly string[], nowMs: number, signal: AbortSignal): Promise<void> {
    const answer = Answer.parse(await this.client.ask(BATCH_GET, { external_userid_list }, signal));
    // Whoever is not answered (they may have no name yet) is not asked for again at once.
    for (const id of external_userid_list) this.remember(id, {}, nowMs + REST_MS);
    for (const one of answer.customer_list) {
      const customer = Customer.safeParse(one);
      if (!customer.success) continue;
      const { external_userid, nickname, avatar } = customer.data;
      const name = clean(nickname, 255);
      const picture = /^https?:\/\//.test(avatar) && avatar.length <= 2048 ? { avatarUrl: avatar } : {};
      this.remember(external_userid, { ...(name === '' ? {} : { name }), ...picture }, nowMs + KNOWN_MS);
    }
  }

  private remember(id: string, profile: Profile, untilMs: number): void {
    this.known.delete(id);
    this.known.set(id, { profile, untilMs });
    if (this.known.size > MOST_REMEMBERED) this.known.delete(this.known.keys().next().value as string);
  }
}
