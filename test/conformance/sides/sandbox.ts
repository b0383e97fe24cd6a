import { call, eventually, expectStatus, type System } from '@huiliu/testing';
import type { Delivery, PlatformWorld, Shown, Side } from './side';

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
    await eventually('the connector serves the account', () => this.handshake(), 30_000);
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
