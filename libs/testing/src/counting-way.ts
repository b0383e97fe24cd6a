import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A request that is a statement: its length in three bytes, number 0 of its exchange, the command. */
const QUERY_HEAD = 5;
const COM_QUERY = 3;

/** A way to a MySQL server that counts the requests that pass. */
export class CountingWay {
  /** Requests that hold statements, one or several. */
  requests = 0;
  private readonly sockets: Socket[] = [];

  private constructor(
    private readonly server: Server,
    /** The database at this end. */
    readonly url: string,
  ) {}

  static async to(databaseUrl: string): Promise<CountingWay> {
    const url = new URL(databaseUrl);
    const there = { host: url.hostname, port: Number(url.port) };
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const way = new CountingWay(server, url.href);
    server.on('connection', (client) => way.join(client, connect(there)));
    return way;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private join(client: Socket, service: Socket): void {
    this.sockets.push(client, service);
    client.on('data', (chunk: Buffer) => {
      if (chunk.length >= QUERY_HEAD && chunk[3] === 0 && chunk[4] === COM_QUERY) this.requests++;
      service.write(chunk);
    });
    service.on('data', (chunk) => client.write(chunk));
    for (const socket of [client, service]) socket.on('error', () => undefined);
  }
}
