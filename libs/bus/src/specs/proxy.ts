import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

const PRODUCE = 0;

/** Cuts a byte stream into the frames of the Kafka protocol: four bytes of length, then so many. */
class Frames {
  private rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): IterableIterator<Buffer> {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= 4) {
      const length = 4 + this.rest.readInt32BE(0);
      if (this.rest.length < length) return;
      yield this.rest.subarray(0, length);
      this.rest = this.rest.subarray(length);
    }
  }
}

/** Stands between a client and a broker; swallows answers to produce requests and forgets connections when told to. */
export class BrokerProxy {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  /** Counts how often everything was forgotten: what was connected before hears nothing more. */
  private forgotten = 0;
  private toSwallow = 0;
  swallowed = 0;

  private constructor(private readonly broker: { host: string; port: number }) {
    this.server = createServer((client) => this.join(client));
  }

  static async start(address: string): Promise<BrokerProxy> {
    const [host, port] = address.split(':');
    const proxy = new BrokerProxy({ host: host!, port: Number(port) });
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The broker does what the next produce requests ask, and nobody hears of it. */
  swallow(answers: number): void {
    this.toSwallow += answers;
  }

  /** What is connected now stays so, and nothing more comes through: half-open, as after a router forgot it. */
  forget(): void {
    this.forgotten++;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket): void {
    const broker = connect(this.broker);
    const life = this.forgotten;
    const lost = new Set<number>();
    const requests = new Frames();
    const answers = new Frames();
    client.on('data', (chunk: Buffer) => {
      if (life !== this.forgotten) return;
      for (const frame of requests.push(chunk)) {
        if (frame.readInt16BE(4) === PRODUCE && this.toSwallow > 0) {
          this.toSwallow--;
          lost.add(frame.readInt32BE(8));
        }
        broker.write(frame);
      }
    });
    broker.on('data', (chunk: Buffer) => {
      if (life !== this.forgotten) return;
      for (const frame of answers.push(chunk)) {
        if (lost.delete(frame.readInt32BE(4))) this.swallowed++;
        else client.write(frame);
      }
    });
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.sockets.add(one);
      one
        .on('error', () => other.destroy())
        .on('close', () => {
          this.sockets.delete(one);
          other.destroy();
        });
    }
  }
}
