import { call, eventually, expectStatus, type System } from '@huiliu/testing';
import type { Delivery, PlatformWorld, Shown, Side } from './side';

/** A changed secret reaches the connector within this time. */
const REFUSED_MS = 5_000;

/** A platform as the sandbox plays it in its real wire protocol. */
export function sandboxWorld(channel: string): PlatformWorld {
  return {
    env: {},
    register: async ({ baseUrl }) => {
      const path = `/sandbox/api/platforms/${channel}/registrations`;
      return expectStatus(await call<{ config: Record<string, unknown> }>(baseUrl, 'POST', path), 200).config;
    },
    side: (system, account) => new SandboxSide(system, `/sandbox/api/platforms/${channel}/${account.id}`),
    stop: () => Promise.resolve(),
  };
}

class SandboxSide implements Side {
  constructor(
    private readonly system: System,
    private readonly path: string,
  ) {}

  async ready(): Promise<void> {
    await eventually(
      'the sandbox plays the account',
      async () => (await this.ask('GET', 'sent')).status === 200,
      30_000,
    );
    // A connector that knows the account and goes on refusing a true handshake will not take the next one either.
    let refusedSince: number | null = null;
    const outcome = await eventually(
      'the connector serves the account',
      async () => {
        const { ok, status } = (await this.ask<{ ok: boolean; status: number }>('POST', 'handshake')).body;
        if (ok) return 'served' as const;
        refusedSince = status === 401 ? (refusedSince ?? Date.now()) : null;
        return refusedSince !== null && Date.now() - refusedSince > REFUSED_MS && ('refused' as const);
      },
      30_000,
    );
    if (outcome === 'refused')
      throw new Error(
        'the connector refuses a true handshake with 401: see its signature, and the sandbox’s handshake()',
      );
  }

  async handshake(): Promise<boolean> {
    return (await this.ask<{ ok: boolean }>('POST', 'handshake')).body.ok;
  }

  async say(said: object): Promise<Delivery[]> {
    return expectStatus(await this.ask<Delivery[]>('POST', 'say', said), 200);
  }

  async happen(happened: object): Promise<Delivery[]> {
    return expectStatus(await this.ask<Delivery[]>('POST', 'event', happened), 200);
  }

  async fault(fault: string, more: object): Promise<void> {
    expectStatus(await this.ask('POST', 'faults', { fault, ...more }), 200);
  }

  async set(settings: object): Promise<void> {
    expectStatus(await this.ask('PUT', 'settings', settings), 200);
  }

  async got(customer: string): Promise<Shown[]> {
    return expectStatus(await this.ask<{ items: Shown[] }>('GET', `sent?customer=${customer}`), 200).items;
  }

  private ask<T = unknown>(method: string, path: string, json?: unknown) {
    return call<T>(this.system.baseUrl, method, `${this.path}/${path}`, {
      ...(json === undefined ? {} : { json }),
      timeoutMs: 60_000,
    });
  }
}
