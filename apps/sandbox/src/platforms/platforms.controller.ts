import { Controller, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import type { z } from 'zod';
import { badRequest, conflict, notFound, ZodBody, ZodParam } from '@huiliu/platform';
import { z as zod } from 'zod';
import { FaultOrder, Happened, Said, Settings } from './control-shapes';
import type { Push, Signing } from './platform';
import { type Played, PlayedAccounts } from './played-accounts';
import { PLATFORMS } from './platforms';
import { deliver, type Delivery } from './pusher';
import { doubled, forged, reSerialised, truncated, unsigned } from './tamper';

const Name = zod.string().max(64);
/** Longer than any signature may be old. */
const STALE_MS = 11 * 60_000;

/** The sandbox's own API: to be a customer, to order faults, to see what the customer sees. For its page and for tests. */
@Controller('sandbox/api/platforms')
export class PlatformsController {
  constructor(private readonly accounts: PlayedAccounts) {}

  /** A new account's config, as if one had registered at the platform; configure an account of ours with it, and it is played here. */
  @Post(':channel/registrations')
  @HttpCode(200)
  async register(
    @ZodParam('channel', Name) channel: string,
  ): Promise<{ channel: string; config: Record<string, unknown> }> {
    const platform = PLATFORMS.find((one) => one.channel === channel);
    if (platform === undefined) throw notFound('platform');
    const reach = await this.accounts.reachOf(platform);
    if (reach === null) throw conflict('full', 'no more accounts of this channel can be played here');
    return { channel, config: { ...platform.register(), ...reach } };
  }

  /** A customer says something; answers how the push ended. */
  @Post(':channel/:account/say')
  @HttpCode(200)
  say(
    @ZodParam('channel', Name) channel: string,
    @ZodParam('account', Name) accountId: string,
    @ZodBody(Said) said: z.infer<typeof Said>,
  ): Promise<Delivery[]> {
    const played = this.find(channel, accountId);
    const { connection } = played.account;
    if (connection !== undefined) return connection.say(unspoilt(said));
    return this.push(played, said.tamper, (signing) => played.account.say(said, signing));
  }

  /** Something happens that is not said: follow, scan, a menu … */
  @Post(':channel/:account/event')
  @HttpCode(200)
  happen(
    @ZodParam('channel', Name) channel: string,
    @ZodParam('account', Name) accountId: string,
    @ZodBody(Happened) happened: z.infer<typeof Happened>,
  ): Promise<Delivery[]> {
    const played = this.find(channel, accountId);
    const { connection } = played.account;
    if (connection !== undefined) return connection.happen(unspoilt(happened));
    return this.push(played, happened.tamper, (signing) => played.account.happen(happened, signing));
  }

  /** The platform proves the address; `ok` when it was answered as it must. */
  @Post(':channel/:account/handshake')
  @HttpCode(200)
  async handshake(
    @ZodParam('channel', Name) channel: string,
    @ZodParam('account', Name) accountId: string,
  ): Promise<{ ok: boolean; status: number; answer: string }> {
    const played = this.find(channel, accountId);
    const { connection } = played.account;
    if (connection !== undefined) return connection.handshake();
    const { query, expected } = played.account.handshake({ nowMs: Date.now() });
    const response = await fetch(`${this.accounts.pushAddress(played)}?${query}`);
    const answer = await response.text();
    return { ok: response.status === 200 && answer === expected, status: response.status, answer };
  }

  @Post(':channel/:account/faults')
  @HttpCode(200)
  order(
    @ZodParam('channel', Name) channel: string,
    @ZodParam('account', Name) accountId: string,
    @ZodBody(FaultOrder) order: z.infer<typeof FaultOrder>,
  ): { items: ReturnType<Played['faults']['list']> } {
    const { faults } = this.find(channel, accountId);
    faults.order(order);
    return { items: faults.list() };
  }

  @Put(':channel/:account/settings')
  settings(
    @ZodParam('channel', Name) channel: string,
    @ZodParam('account', Name) accountId: string,
    @ZodBody(Settings) { schedule, ...settings }: z.infer<typeof Settings>,
  ): Record<string, unknown> {
    const played = this.find(channel, accountId);
    try {
      played.account.set(settings);
    } catch (error) {
      throw badRequest('invalid', error instanceof Error ? error.message : 'not a setting');
    }
    Object.assign(played.settings, settings);
    if (schedule !== undefined) played.schedule = schedule;
    return { ...played.settings, schedule: played.schedule };
  }

  /** What the customers have got. */
  @Get(':channel/:account/sent')
  sent(
    @ZodParam('channel', Name) channel: string,
    @ZodParam('account', Name) accountId: string,
    @Query('customer') customer?: string,
  ): { items: unknown[] } {
    const { account } = this.find(channel, accountId);
    return { items: account.shown(customer ?? null).filter(({ from }) => from === 'account') };
  }

  /** A customer's screen: what was said and what came, in order. */
  @Get(':channel/:account/thread')
  thread(
    @ZodParam('channel', Name) channel: string,
    @ZodParam('account', Name) accountId: string,
    @Query('customer') customer: string,
  ): { items: unknown[]; typing: boolean; about: Readonly<Record<string, unknown>> | null } {
    const { account } = this.find(channel, accountId);
    const about = account.about?.(customer) ?? null;
    return { items: [...account.shown(customer)], typing: account.typing(customer), about };
  }

  private find(channel: string, accountId: string): Played {
    const played = this.accounts.find(channel, accountId);
    if (played === undefined) throw notFound('account');
    return played;
  }

  private async push(
    played: Played,
    tamper: z.infer<typeof Said>['tamper'],
    pushed: (signing: Signing) => Push | null,
  ): Promise<Delivery[]> {
    const address = this.accounts.pushAddress(played);
    const { schedule, faults } = played;
    const { signature: names, triesAgain } = played.platform;
    const once = (push: Push): Promise<Delivery> => deliver(address, push, schedule, 'once');
    const nowMs = Date.now();
    const make = (signing: Signing): Push => {
      const push = pushed(signing);
      if (push === null) throw badRequest('invalid', 'the platform pushes nothing of this');
      return push;
    };
    switch (tamper) {
      case 'forged':
        return [await once(forged(make({ nowMs }), names))];
      case 'unsigned':
        return [await once(unsigned(make({ nowMs }), names))];
      case 'doubled':
        return [await once(doubled(make({ nowMs }), names))];
      case 'truncated':
        return [await once(truncated(make({ nowMs })))];
      case 'stale':
        return [await once(make({ nowMs: nowMs - STALE_MS }))];
      case 'other_secret':
        return [await once(make({ nowMs, secret: 'not-the-token' }))];
      case 're_serialised': {
        const push = make({ nowMs });
        return [await once(push), await once(reSerialised(push))];
      }
      case 'other_body': {
        const push = make({ nowMs });
        let other = make({ nowMs });
        // Without an id, what is said twice in one second is the same to the letter.
        for (; other.body === push.body; other = make({ nowMs })) await wait(500);
        return [await once(push), await once({ ...other, query: push.query })];
      }
      case undefined:
    }
    const wrong = faults.take('wrong_signature') !== null;
    const push = pushed({ nowMs, ...(wrong ? { secret: 'not-the-token' } : {}) });
    if (push === null) return [];
    if (faults.take('reorder') !== null) {
      played.heldBack = push;
      return [];
    }
    const pushes = [push, ...(faults.take('duplicate') !== null ? [push] : [])];
    const send = async (one: Push): Promise<Delivery> => {
      const delivery = await deliver(address, one, schedule, triesAgain);
      if (delivery.taken) played.account.answered?.(one, delivery.answer);
      return delivery;
    };
    const delivered = await Promise.all(pushes.map(send));
    const held = played.heldBack;
    if (held === null) return delivered;
    played.heldBack = null;
    return [...delivered, await send(held)];
  }
}

/** What goes over a connection is not signed. */
function unspoilt<T extends { tamper?: unknown }>(act: T): T {
  if (act.tamper !== undefined) throw badRequest('invalid', 'nothing is signed on this channel');
  return act;
}
