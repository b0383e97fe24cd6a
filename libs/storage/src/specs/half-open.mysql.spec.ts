import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { openDatabase, type OpenStorage } from '../open';
import { after, makePlace, type Place } from './fixture';
import { SAMPLE } from './sample';

/** A way to the server that can forget its connections: bytes vanish, and neither side is told. */
class Way {
  private readonly sockets = new Set<Socket>();
  private forgotten = new WeakSet<Socket>();
  private readonly server = createServer((client) => {
    const service = connect(this.to);
    for (const [from, to] of [
      [client, service],
      [service, client],
    ] as const) {
      this.sockets.add(from);
      from
        .on('data', (chunk) => !this.forgotten.has(from) && to.write(chunk))
        .on('error', () => undefined)
        .on('close', () => {
          this.sockets.delete(from);
          if (!this.forgotten.has(from)) to.destroy();
        });
    }
  });

  constructor(private readonly to: { host: string; port: number }) {}

  async open(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  forget(): void {
    for (const socket of this.sockets) this.forgotten.add(socket);
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

describe('a way to the server that forgets its connections', () => {
  let place: Place;
  let way: Way;
  let storage: OpenStorage;

  beforeAll(async () => {
    place = await makePlace('mysql');
    const url = new URL(place.url);
    way = new Way({ host: url.hostname, port: Number(url.port) });
    url.host = `127.0.0.1:${await way.open()}`;
    storage = await openDatabase({ url: url.href, dataDir: '.', prefix: 'sample', schemas: [SAMPLE] });
  });

  afterAll(async () => {
    await storage.close();
    way.close();
    await place.remove();
  });

  const ask = (): Promise<unknown> => storage.database.query('SELECT 1 AS one');
  const write = (): Promise<void> =>
    storage.database.transaction(async (tx) => void (await tx.query('SELECT 1 AS one')));
  const many = (what: () => Promise<unknown>): Promise<unknown>[] => Array.from({ length: 30 }, () => what());

  it('idle connections are asked before they are used, and replaced', async () => {
    await Promise.all([...many(ask), ...many(write)]);
    way.forget();
    await after(1_100);
    await Promise.all([...many(ask), ...many(write)]);
  });

  it('what was asked when it was forgotten fails as trouble of the database, and holds no connection for ever', async () => {
    const slow = (): Promise<unknown> => storage.database.query('SELECT SLEEP(0.5) AS slept');
    const slowWrite = (): Promise<void> =>
      storage.database.transaction(async (tx) => void (await tx.query('SELECT SLEEP(0.5) AS slept')));
    const asked = [...Array.from({ length: 10 }, slow), ...Array.from({ length: 10 }, slowWrite)];
    await after(200);
    way.forget();
    const ends = await Promise.allSettled(asked);
    expect(new Set(ends.map((end) => end.status))).toEqual(new Set(['rejected']));
    await Promise.all([...many(ask), ...many(write)]);
  });
});
