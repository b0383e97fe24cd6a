import { Controller, Get, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type CustomTransportStrategy, EventPattern, Payload, Server } from '@nestjs/microservices';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { lastValueFrom } from 'rxjs';
import { loadConfig } from '../config/load-config';
import { Metrics } from '../metrics/metrics';
import { UpgradeRouter } from '../upgrade/upgrade-router';
import { startService } from './start-service';

const order: string[] = [];
let release: () => void = () => undefined;
let entered: () => void = () => undefined;
const together: (() => void)[] = [];

@Injectable()
class Storage implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    order.push('storage closed');
  }
}

@Controller('slow')
class SlowController {
  constructor(@Inject(Metrics) metrics: Metrics) {
    metrics.counter('things_total', 'Things.').inc();
  }

  @Get()
  async slow(): Promise<object> {
    entered();
    await new Promise<void>((resolve) => (release = resolve));
    order.push('request done');
    return { done: true };
  }

  @Get('together')
  async together(): Promise<object> {
    await new Promise<void>((resolve) => {
      together.push(resolve);
      if (together.length === 3) entered();
    });
    return { done: true };
  }

  @EventPattern('things')
  handle(@Payload() data: string): void {
    throw Object.assign(new Error('from the handler'), { data });
  }
}

@Module({ controllers: [SlowController], providers: [Storage] })
class SlowModule {
  constructor(upgrades: UpgradeRouter) {
    upgrades.add(/^\/ws$/, async (upgrade) => void (await upgrade.accept()));
  }
}

class FakeBus extends Server implements CustomTransportStrategy {
  listen(callback: () => void): void {
    order.push('bus started');
    callback();
  }

  close(): void {
    if (!order.includes('bus drained')) order.push('bus drained');
  }

  on(): void {
    // No events of its own.
  }

  unwrap<T>(): T {
    return undefined as T;
  }

  /** Runs the handler as the bus does. */
  async run(pattern: string, data: unknown): Promise<unknown> {
    const handler = this.getHandlerByPattern(pattern)!;
    return lastValueFrom(this.transformToObservable(await handler(data)));
  }
}

const KEY = Buffer.alloc(32, 1).toString('base64');
const config = () => loadConfig({ PORT: '0', HUILIU_MASTER_KEY: KEY, RATE_LIMITS: 'off' });

test('stops in order: sockets 1001, the request under way answered, the bus drained, the storage closed', async () => {
  const lines: string[] = [];
  const bus = new FakeBus();
  const service = await startService(
    {
      name: 'slow',
      version: '1.2.3',
      modules: () => [SlowModule],
      strategy: () => bus,
      logTo: { write: (line) => void lines.push(line) },
    },
    config(),
  );
  expect(order).toEqual(['bus started']);
  expect(lines.filter((line) => line.includes('"msg":"ready"'))).toHaveLength(1);
  expect(lines.length).toBeLessThan(5);

  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/ws`);
  await new Promise((resolve) => socket.once('open', resolve));
  const code = new Promise<number>((resolve) => socket.once('close', resolve));
  const inside = new Promise<void>((resolve) => (entered = resolve));
  const answer = fetch(`${service.url}/slow`);
  await inside;
  const stopped = service.stop();
  expect(service.stop()).toBe(stopped);
  expect(await code).toBe(1001);
  await expect(fetch(`${service.url}/healthz`)).rejects.toThrow();
  release();
  expect(await (await answer).json()).toEqual({ done: true });
  await stopped;
  expect(order).toEqual(['bus started', 'request done', 'bus drained', 'storage closed']);
});

test('requests that came one behind the other are all answered before the connection ends', async () => {
  const service = await startService(
    { name: 'slow', modules: () => [SlowModule], logTo: { write: () => undefined } },
    config(),
  );
  const inside = new Promise<void>((resolve) => (entered = resolve));
  const answers = new Promise<string>((resolve, reject) => {
    const socket = connect(service.port, '127.0.0.1', () =>
      socket.write('GET /slow/together HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(3)),
    );
    let all = '';
    socket.on('data', (chunk) => (all += chunk.toString()));
    socket.on('close', () => resolve(all));
    socket.on('error', reject);
  });
  await inside;
  const stopped = service.stop();
  for (const release of together) release();
  const heads = (await answers).split('HTTP/1.1 ').slice(1);
  expect(heads.map((head) => [head.slice(0, 3), /\r\nconnection: close\r\n/i.test(head)])).toEqual([
    ['200', false],
    ['200', false],
    ['200', true],
  ]);
  await stopped;
});

test('an error of an event handler reaches the bus as it was thrown', async () => {
  const bus = new FakeBus();
  const service = await startService(
    { name: 'slow', modules: () => [SlowModule], strategy: () => bus, logTo: { write: () => undefined } },
    config(),
  );
  try {
    await expect(bus.run('things', 'x')).rejects.toMatchObject({ message: 'from the handler', data: 'x' });
  } finally {
    await service.stop();
  }
});

test('a port that is taken is an error, and nothing stays open', async () => {
  const first = await startService(
    { name: 'slow', modules: () => [SlowModule], logTo: { write: () => undefined } },
    config(),
  );
  const again = loadConfig({ PORT: String(first.port), HUILIU_MASTER_KEY: KEY });
  await expect(
    startService({ name: 'slow', modules: () => [SlowModule], logTo: { write: () => undefined } }, again),
  ).rejects.toThrow('EADDRINUSE');
  await first.stop();
});
