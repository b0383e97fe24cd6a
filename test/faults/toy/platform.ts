import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ToyEvent {
  readonly id: string;
  readonly from: string;
  readonly text: string;
}

/** One call that a process of the connector made. */
export interface ToyCall {
  readonly path: '/pull' | '/send';
  readonly pid: number;
  readonly body: { readonly cursor?: string; readonly to?: string; readonly text?: string };
}

const PAGE = 10;

/** The platform of the toy channel, as the connector's processes (`main.ts`) meet it. */
export class ToyPlatform {
  readonly events: ToyEvent[] = [];
  readonly calls: ToyCall[] = [];
  private holding: { path: ToyCall['path']; reached: (call: ToyCall) => void; go: Promise<void> } | null = null;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ToyPlatform> {
    const server = createServer();
    const platform = new ToyPlatform(server);
    server.on('request', (request, response) => {
      void platform.answer(request).then((body) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(body));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return platform;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The customer writes. */
  say(from: string, text: string): void {
    this.events.push({ id: `e${this.events.length + 1}`, from, text });
  }

  /** What was sent to a customer, in the order of the calls. */
  sentTo(customer: string): string[] {
    return this.calls.flatMap(({ path, body }) => (path === '/send' && body.to === customer ? (body.text ?? '') : []));
  }

  /** Keeps the next call of a kind waiting. Resolves when it is there, with how to answer it. */
  holdNext(path: ToyCall['path']): Promise<{ call: ToyCall; go: () => void }> {
    let go: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (go = resolve));
    return new Promise((resolve) => {
      this.holding = { path, reached: (call) => resolve({ call, go }), go: gone };
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url === '/send' ? '/send' : '/pull';
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ToyCall['body'];
    const call: ToyCall = { path, pid: Number(request.headers['x-process']), body };
    this.calls.push(call);
    const answer = path === '/send' ? { remoteId: `s${this.calls.length}` } : this.page(Number(body.cursor));
    const { holding } = this;
    if (holding?.path === path) {
      this.holding = null;
      holding.reached(call);
      await holding.go;
    }
    return answer;
  }

  private page(after: number): unknown {
    const events = this.events.slice(after, after + PAGE);
    return { events, cursor: String(after + events.length), more: after + events.length < this.events.length };
  }
}
