import { LiveConnection, type Frame, type LinkState, type LiveOptions, type Socket } from './live-connection';

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: { type: string; seq?: string }[] = [];
  closed = false;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as { type: string });
  }
  close(): void {
    this.closed = true;
  }
  says(type: string, seq: string | null, data: unknown = {}): void {
    this.onmessage?.({ data: JSON.stringify({ type, seq, data }) });
  }
}

function connect(over: Partial<LiveOptions> = {}) {
  const sockets: FakeSocket[] = [];
  const frames: Frame[] = [];
  const states: LinkState[] = [];
  const counts = { resets: 0 };
  const connection = new LiveConnection({
    ticket: () => Promise.resolve('t'),
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    onFrames: (f) => void frames.push(...f),
    onSignal: () => undefined,
    onReset: () => void counts.resets++,
    onState: (s) => void states.push(s),
    random: () => 1,
    ...over,
  });
  connection.start();
  return { connection, sockets, frames, states, counts };
}

/** Lets promises run without moving the clock. */
const settle = () => jest.advanceTimersByTimeAsync(0);

describe('LiveConnection', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('asks for everything once at the first hello, and resumes from the last frame after a cut', async () => {
    const { sockets, frames, counts, connection } = connect();
    await settle();
    sockets[0]!.says('hello', 's0');
    sockets[0]!.says('message.created', 's1');
    sockets[0]!.says('message.created', 's2');
    expect(counts.resets).toBe(1);
    sockets[0]!.onclose?.({ code: 1006 });
    await jest.advanceTimersByTimeAsync(500);
    sockets[1]!.says('hello', 's9');
    expect(sockets[1]!.sent).toContainEqual({ type: 'resume', seq: 's2' });
    sockets[1]!.says('message.created', 's3');
    expect(frames.map((f) => f.seq)).toEqual(['s1', 's2', 's3']);
    expect(counts.resets).toBe(1);
    connection.stop();
  });

  it('keeps the old position until the replay has come: a second cut in between leaves no gap', async () => {
    const { sockets, connection } = connect();
    await settle();
    sockets[0]!.says('hello', 's0');
    sockets[0]!.says('message.created', 's2');
    sockets[0]!.onclose?.({ code: 1006 });
    await jest.advanceTimersByTimeAsync(500);
    sockets[1]!.says('hello', 's5');
    sockets[1]!.says('message.created', 's6'); // live, before the server read the resume
    sockets[1]!.onclose?.({ code: 1006 });
    await jest.advanceTimersByTimeAsync(1000);
    sockets[2]!.says('hello', 's7');
    expect(sockets[2]!.sent).toContainEqual({ type: 'resume', seq: 's2' });
    connection.stop();
  });

  it('fetches everything again when the server cannot resume', async () => {
    const { sockets, counts, connection } = connect();
    await settle();
    sockets[0]!.says('hello', 's0');
    sockets[0]!.onclose?.({ code: 1013 });
    await jest.advanceTimersByTimeAsync(500);
    sockets[1]!.says('hello', 'x0');
    sockets[1]!.says('reload', null);
    expect(counts.resets).toBe(2);
    sockets[1]!.onclose?.({ code: 1006 });
    await jest.advanceTimersByTimeAsync(500);
    sockets[2]!.says('hello', 'x5');
    expect(sockets[2]!.sent).toContainEqual({ type: 'resume', seq: 'x0' });
    connection.stop();
  });

  it('backs off while nothing answers and stops trying once the session has ended', async () => {
    let status = 503;
    const { states, connection } = connect({
      ticket: () => Promise.reject(Object.assign(new Error('no'), { status })),
    });
    await settle();
    expect(states).toEqual(['connecting', 'waiting']);
    await jest.advanceTimersByTimeAsync(499);
    expect(states).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(states).toHaveLength(4);
    await jest.advanceTimersByTimeAsync(999);
    expect(states).toHaveLength(4);
    status = 401;
    await jest.advanceTimersByTimeAsync(1);
    expect(states.at(-1)).toBe('closed');
    await jest.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toBe('closed');
    connection.stop();
  });

  it('takes a line that answers no ping for dead', async () => {
    const { sockets, states, connection } = connect();
    await settle();
    sockets[0]!.says('hello', 's0');
    await jest.advanceTimersByTimeAsync(20_000);
    expect(sockets[0]!.sent).toEqual([{ type: 'ping' }]);
    sockets[0]!.says('pong', null);
    await jest.advanceTimersByTimeAsync(12_000);
    expect(sockets[0]!.closed).toBe(false);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(sockets[0]!.closed).toBe(true);
    expect(states).toContain('waiting');
    connection.stop();
  });

  it('leaves a malformed frame aside', async () => {
    const { sockets, frames, connection } = connect();
    await settle();
    sockets[0]!.onmessage?.({ data: 'not json' });
    sockets[0]!.says('hello', 's0');
    sockets[0]!.says('message.created', 's1');
    expect(frames).toHaveLength(1);
    connection.stop();
  });
});
