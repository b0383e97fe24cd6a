/** The agents' screens, in a process of their own: count what each is shown, and when. */
import { serveNotes, tell, type Note } from '../lib/child';
import { Latencies } from '../lib/histogram';
import { addCounts, Tally, type Counts } from '../lib/recount';
import { messageIn, openRawSocket, type RawSocket } from './frames';
import { nowMs } from './open-loop';
import type { Schedule } from './schedule';

/** The harness is told after so many more messages on the slowest screen. */
const TELL_EVERY = 20;

interface Screen {
  socket: RawSocket;
  tally: Tally;
  frames: number;
  bytes: number;
}

const screens: Screen[] = [];
/** By conversation and number: when the message was due, ms since the epoch. */
let due = new Map<string, Float64Array>();
let shown = new Latencies();
let lastMs = 0;
let told = 0;
let wanted = Infinity;
let cutOff = 0;

async function open(note: Note): Promise<void> {
  for (const url of note.urls as string[]) {
    const screen: Screen = { socket: null as unknown as RawSocket, tally: new Tally(), frames: 0, bytes: 0 };
    screen.socket = await openRawSocket(url, (payload) => take(screen, payload));
    void screen.socket.closed.then(({ code }) => {
      if (code !== 1000) cutOff++;
    });
    screens.push(screen);
  }
  tell({ type: 'opened' });
}

/** Forgets the times; counts go on. `expected`: how many messages in all each screen will have been shown. */
function begin(note: Note): void {
  const { schedule, startMs, conversations, expected } = note as unknown as {
    schedule?: Schedule;
    startMs?: number;
    conversations?: string[];
    expected?: number;
  };
  shown = new Latencies();
  due = new Map();
  wanted = expected ?? Infinity;
  if (schedule !== undefined && conversations !== undefined && startMs !== undefined) {
    for (let i = 0; i < schedule.dueMs.length; i++) {
      const name = conversations[schedule.visitor[i]!]!;
      const times = due.get(name) ?? grown(new Float64Array(0), 64);
      const nth = schedule.nth[i]!;
      const kept = nth < times.length ? times : grown(times, nth * 2 + 64);
      kept[nth] = startMs + schedule.dueMs[i]!;
      due.set(name, kept);
    }
  }
  tell({ type: 'begun' });
  check(true);
}

function grown(times: Float64Array, length: number): Float64Array {
  const longer = new Float64Array(length);
  longer.set(times);
  return longer;
}

function take(screen: Screen, payload: Buffer): void {
  screen.frames++;
  screen.bytes += payload.length;
  const message = messageIn(payload);
  if (message === null) return;
  const now = nowMs();
  lastMs = now;
  screen.tally.take(message.conversation, message.nth);
  const dueMs = due.get(message.conversation)?.[message.nth] ?? 0;
  if (dueMs > 0) shown.record(now - dueMs);
  check(false);
}

/** Tells how far the slowest screen is, now and then, and when all have what was wanted. */
function check(force: boolean): void {
  const first = screens[0]?.tally.seen ?? 0;
  if (!force && first < told + TELL_EVERY && first < wanted) return;
  let least = Infinity;
  for (const { tally } of screens) least = Math.min(least, tally.seen);
  if (!force && least < told + TELL_EVERY && least < wanted) return;
  told = least;
  tell({ type: 'progress', least, lastMs });
}

/** The end: every screen against what was sent. */
function report(note: Note): void {
  const sent = new Map(note.sent as [string, number][]);
  const counts = addCounts(screens.map(({ tally }): Counts => tally.result(sent)));
  tell({
    type: 'report',
    counts,
    lastMs,
    cutOff,
    frames: screens.reduce((sum, { frames }) => sum + frames, 0),
    bytes: screens.reduce((sum, { bytes }) => sum + bytes, 0),
    shown: shown.summary(),
    shownRaw: shown.raw(),
  });
}

function close(): void {
  for (const { socket } of screens.splice(0)) socket.close();
  tell({ type: 'closed' });
}

serveNotes({ open, begin, report, close });
tell({ type: 'ready' });
