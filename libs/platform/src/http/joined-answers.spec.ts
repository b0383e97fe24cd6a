import { Controller, Get, Module, Param } from '@nestjs/common';
import { connect, type Socket } from 'node:net';
import { loadConfig } from '../config/load-config';
import { type RunningService, startService } from '../service/start-service';

/** What is asked and not answered yet, in the order in which it came. */
let asked: { name: string; answer: (text: string) => void }[] = [];
let came: () => void = () => undefined;

@Controller()
class HeldController {
  @Get('held/:name')
  held(@Param('name') name: string): Promise<string> {
    return new Promise((answer) => {
      asked.push({ name, answer });
      came();
    });
  }
}

@Module({ controllers: [HeldController] })
class HeldModule {}

let service: RunningService;
beforeEach(async () => {
  asked = [];
  service = await startService(
    { name: 'held', modules: () => [HeldModule], logTo: { write: () => undefined } },
    loadConfig({ PORT: '0', HUILIU_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'), RATE_LIMITS: 'off' }),
  );
});
afterEach(() => service.stop());

/** Resolves when so many wait for their answers. */
const waiting = (count: number): Promise<void> =>
  new Promise((resolve) => {
    came = () => asked.length >= count && resolve();
    came();
  });

class Line {
  readonly reads: string[] = [];
  readonly closed: Promise<void>;
  private more: () => void = () => undefined;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.reads.push(chunk.toString('latin1'));
      this.more();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  static to(port: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Line(socket)));
      socket.on('error', reject);
    });
  }

  /** Asks for all of these in one write. */
  ask(...names: string[]): void {
    this.socket.write(names.map((name) => `GET /held/${name} HTTP/1.1\r\nhost: x\r\n\r\n`).join(''));
  }

  get bodies(): string[] {
    return this.reads
      .join('')
      .split('HTTP/1.1 ')
      .slice(1)
      .map((answer) => answer.slice(answer.indexOf('\r\n\r\n') + 4));
  }

  /** Resolves when these, and nothing else, have come. */
  async answered(...bodies: string[]): Promise<void> {
    const last = bodies.at(-1)!;
    while (!this.endsWith(last)) await new Promise<void>((resolve) => (this.more = resolve));
    expect(this.bodies).toEqual(bodies);
  }

  private endsWith(body: string): boolean {
    let end = '';
    for (let i = this.reads.length - 1; i >= 0 && end.length < body.length; i--) end = this.reads[i]! + end;
    return end.endsWith(body);
  }
}

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `n${n}`);
const answerAll = (): void => asked.splice(0).forEach(({ name, answer }) => answer(`<${name}>`));

describe('answers to requests that came in one line', () => {
  it('leave in one write when they are there in one turn, in the order of the requests', async () => {
    const line = await Line.to(service.port);
    const all = names(40);
    line.ask(...all);
    await waiting(40);
    asked.reverse();
    answerAll();
    await line.answered(...all.map((name) => `<${name}>`));
    expect(line.reads).toHaveLength(1);
    line.ask('again', 'and-again');
    await waiting(2);
    answerAll();
    await line.answered(...[...all, 'again', 'and-again'].map((name) => `<${name}>`));
    expect(line.reads).toHaveLength(2);
    line.socket.destroy();
  });

  it('do not wait for one that is not there yet', async () => {
    const line = await Line.to(service.port);
    line.ask('a', 'b', 'c', 'd');
    await waiting(4);
    const [a, b, c, d] = asked as [(typeof asked)[0], (typeof asked)[0], (typeof asked)[0], (typeof asked)[0]];
    asked = [];
    b.answer('<b>');
    a.answer('<a>');
    d.answer('<d>');
    await line.answered('<a>', '<b>');
    c.answer('<c>');
    await line.answered('<a>', '<b>', '<c>', '<d>');
    expect(line.reads).toHaveLength(2);
    line.socket.destroy();
  });

  it('come whole to one who is slow to read, however large they are', async () => {
    const line = await Line.to(service.port);
    line.socket.pause();
    line.ask(...names(12));
    await waiting(12);
    const texts = asked.map(({ name }) => name.padStart(300_000, '.'));
    asked.splice(0).forEach(({ answer }, n) => answer(texts[n]!));
    await new Promise(setImmediate);
    line.socket.resume();
    await line.answered(...texts);
    line.socket.destroy();
  });

  it('come to one who has said all that there is to say, and the connection ends behind them', async () => {
    const line = await Line.to(service.port);
    line.ask('a', 'b', 'c');
    line.socket.end();
    await waiting(3);
    answerAll();
    await line.closed;
    expect(line.bodies).toEqual(['<a>', '<b>', '<c>']);
  });

  it('come when the process is told to stop, the last of them with the end of the connection', async () => {
    const line = await Line.to(service.port);
    line.ask('a', 'b', 'c');
    await waiting(3);
    const stopped = service.stop();
    answerAll();
    await Promise.all([line.closed, stopped]);
    expect(line.bodies).toEqual(['<a>', '<b>', '<c>']);
    expect(line.reads.join('').match(/connection: close/gi)).toHaveLength(1);
  });

  it('are lost with a connection that breaks, and nothing else is', async () => {
    const [broken, other] = [await Line.to(service.port), await Line.to(service.port)];
    broken.ask('a', 'b', 'c');
    await waiting(3);
    other.ask('d', 'e');
    await waiting(5);
    broken.socket.resetAndDestroy();
    await broken.closed;
    answerAll();
    await other.answered('<d>', '<e>');
    other.socket.destroy();
  });
});
