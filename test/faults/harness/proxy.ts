import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { KafkaLink } from './kafka-link';

/**
 * How the network behaves. `cut`: connections break and new ones are refused. `silent`: nothing gets through and nobody is told; what
 * was connected then stays dead for ever, as after a router forgot it (half-open). `slow`: every piece takes `delayMs` more.
 */
export type Network = { readonly is: 'well' | 'cut' | 'silent' } | { readonly is: 'slow'; readonly delayMs: number };

/** One client's connection and the one to the service behind. */
class Pair {
  dead = false;

  constructor(
    readonly client: Socket,
    readonly service: Socket,
  ) {}

  destroy(): void {
    this.client.destroy();
    this.service.destroy();
  }
}

export interface ProxyOptions {
  /** The service speaks Kafka's protocol: answers name the proxy in the broker's place, and one to a produce can be swallowed. */
  readonly kafka?: boolean;
}

/** Stands between the apps and a service on loopback. */
export class FaultProxy {
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private network: Network = { is: 'well' };
  private listening: number | null = null;
  /** Answers that are to get lost: those of requests that name a topic, or any. */
  private toSwallow: { readonly topic: string }[] = [];
  /** Answers to produce requests that nobody got, although the broker did what they asked. */
  swallowed = 0;

  private constructor(
    private readonly service: { host: string; port: number },
    private readonly options: ProxyOptions,
  ) {
    this.server = createServer((client) => this.join(client));
  }

  /** @param address `host:port` of the service */
  static async start(address: string, options: ProxyOptions = {}): Promise<FaultProxy> {
    const [host = '', port = ''] = address.split(':');
    const proxy = new FaultProxy({ host, port: Number(port) }, options);
    await proxy.listen(0);
    return proxy;
  }

  get port(): number {
    if (this.listening === null) throw new Error('the proxy is stopped');
    return this.listening;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** From now on the network behaves so. */
  async set(network: Network): Promise<void> {
    const before = this.network;
    this.network = network;
    if (network.is === 'cut') {
      for (const pair of this.pairs) pair.destroy();
      if (before.is !== 'cut') await this.unlisten();
      return;
    }
    // What was silent once is forgotten for good.
    if (network.is === 'silent') for (const pair of this.pairs) pair.dead = true;
    if (before.is === 'cut') await this.listen(this.port);
  }

  heal(): Promise<void> {
    return this.set({ is: 'well' });
  }

  /** The broker does what the next produce request (to this topic) asks, and nobody hears of it. */
  swallow(topic = ''): void {
    this.toSwallow.push({ topic });
  }

  async stop(): Promise<void> {
    for (const pair of this.pairs) pair.destroy();
    if (this.network.is !== 'cut') await this.unlisten();
    this.listening = null;
  }

  private async listen(port: number): Promise<void> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    this.listening = (this.server.address() as AddressInfo).port;
  }

  private async unlisten(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  private join(client: Socket): void {
    const service = connect(this.service);
    const pair = new Pair(client, service);
    pair.dead = this.network.is === 'silent';
    this.pairs.add(pair);
    client.setNoDelay(true);
    service.setNoDelay(true);
    const link = this.options.kafka
      ? new KafkaLink({
          from: this.service.port,
          to: this.port,
          takeSwallow: (request) => this.takeSwallow(request),
          swallowed: () => this.swallowed++,
        })
      : null;
    this.pass(pair, client, service, (chunk) => link?.requests(chunk) ?? [chunk]);
    this.pass(pair, service, client, (chunk) => link?.answers(chunk) ?? [chunk]);
    const end = (): void => {
      // Who is forgotten is not even told that the other side has gone.
      if (pair.dead && !client.destroyed) {
        service.destroy();
        return;
      }
      this.pairs.delete(pair);
      pair.destroy();
    };
    for (const socket of [client, service]) socket.on('error', end).on('close', end);
  }

  private takeSwallow(request: Buffer): boolean {
    const at = this.toSwallow.findIndex(({ topic }) => request.includes(topic));
    if (at >= 0) this.toSwallow.splice(at, 1);
    return at >= 0;
  }

  private pass(pair: Pair, from: Socket, to: Socket, through: (chunk: Buffer) => Buffer[]): void {
    let before: Promise<unknown> = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      if (pair.dead) return;
      const pieces = through(chunk);
      const delayMs = this.network.is === 'slow' ? this.network.delayMs : 0;
      const due = Date.now() + delayMs;
      // Behind what is still on its way, so that bytes keep their order when the network gets faster.
      before = before.then(async () => {
        const waitMs = due - Date.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        if (!pair.dead && !to.destroyed) for (const piece of pieces) to.write(piece);
      });
    });
  }
}
