import { Module } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { loadConfig } from '../config/load-config';
import { type RunningService, startService } from '../service/start-service';
import { type FrameLine, textFrame } from './frame-line';
import { UpgradeRouter } from './upgrade-router';

let opened: (line: FrameLine) => void = () => undefined;

@Module({})
class LinesModule {
  constructor(upgrades: UpgradeRouter) {
    upgrades.add(/^\/line$/, async (upgrade) => opened(await upgrade.acceptLine()));
  }
}

let service: RunningService;
beforeAll(async () => {
  service = await startService(
    { name: 'lines', modules: () => [LinesModule], logTo: { write: () => undefined } },
    loadConfig({ PORT: '0', HUILIU_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'), RATE_LIMITS: 'off' }),
  );
});
afterAll(() => service.stop());

const nextLine = (): Promise<FrameLine> => new Promise((resolve) => (opened = resolve));

async function client(): Promise<{ line: FrameLine; socket: WebSocket; texts: string[]; closed: Promise<number> }> {
  const line = nextLine();
  const socket = new WebSocket(`ws://127.0.0.1:${service.port}/line`);
  const texts: string[] = [];
  socket.on('message', (data) => texts.push((data as Buffer).toString('utf8')));
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.once('open', resolve));
  return { line: await line, socket, texts, closed };
}

/** How many reads bring `length` bytes after the handshake, on a socket by hand. */
async function readsOf(length: number, send: (line: FrameLine) => void): Promise<number[]> {
  const line = nextLine();
  const socket = connect(service.port, '127.0.0.1');
  const reads: number[] = [];
  let answered: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const shaken = new Promise<void>((resolve) => (answered = resolve));
  const whole = new Promise<void>((resolve) => (arrived = resolve));
  socket.on('data', (chunk) => {
    if (chunk.toString('latin1').startsWith('HTTP/1.1 101')) return answered();
    reads.push(chunk.length);
    if (reads.reduce((sum, one) => sum + one, 0) >= length) arrived();
  });
  socket.write(
    `GET /line HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
      `sec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  await shaken;
  send(await line);
  await whole;
  socket.destroy();
  return reads;
}

describe('a line of frames', () => {
  it('carries texts of every length in their order, and ends behind them', async () => {
    const texts = [0, 1, 125, 126, 65_535, 65_536, 200_000].map((length) => '汇'.padEnd(length, 'x').slice(0, length));
    const { line, texts: got, closed } = await client();
    for (const text of texts) line.send(textFrame(text));
    line.ws.ping();
    line.send(textFrame('last'));
    line.close(1000, 'done');
    expect(await closed).toBe(1000);
    expect(got).toEqual([...texts, 'last']);
  });

  it('hands over what one turn brings in one write', async () => {
    const frames = Array.from({ length: 40 }, (_, i) => textFrame(`frame ${i}`.padEnd(200)));
    const length = frames.reduce((sum, frame) => sum + frame.length, 0);
    expect(await readsOf(length, (line) => frames.forEach((frame) => line.send(frame)))).toEqual([length]);
  });

  it('counts what waits, and says when it has left', async () => {
    const { line, socket, texts } = await client();
    line.send(textFrame('one'));
    line.send(textFrame('two'));
    expect(line.buffered).toBe(10);
    await line.flushed();
    expect(line.buffered).toBe(0);
    while (texts.length < 2) await new Promise((resolve) => socket.once('message', resolve));
    socket.close();
  });

  it('gives what is the same for several sockets to each of them whole', async () => {
    const clients = [await client(), await client(), await client()] as const;
    const shared = Array.from({ length: 10 }, (_, i) => textFrame(`${i}`));
    for (const frame of shared) for (const { line } of clients) line.send(frame);
    clients[1].line.send(textFrame('only here'));
    for (const { line } of clients) line.close(1000, 'done');
    await Promise.all(clients.map(({ closed }) => closed));
    const all = shared.map((_, i) => `${i}`);
    expect(clients.map(({ texts }) => texts)).toEqual([all, [...all, 'only here'], all]);
  });

  it('loses what is said to a closed socket, and resolves', async () => {
    const { line, socket } = await client();
    const gone = new Promise((resolve) => line.ws.once('close', resolve));
    line.send(textFrame('on its way'));
    socket.terminate();
    await gone;
    line.send(textFrame('too late'));
    await line.flushed();
    expect(line.buffered).toBe(0);
  });
});
