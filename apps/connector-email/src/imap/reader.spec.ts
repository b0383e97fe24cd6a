import type { InboundEvent } from '@huiliu/connector-kit';
import { eventually, MailServer } from '@huiliu/testing';
import type { definition } from '../definition';
import { readCursor } from './cursor';
import { Mailbox } from './mailbox';
import { type FetchedMail, Reader, type ReadOut } from './reader';

jest.setTimeout(60_000);

const ADDRESS = { address: '127.0.0.1', family: 4 };
const mail = (id: string): string => `Message-ID: <${id}@a.example>\r\nSubject: ${id}\r\n\r\nHello ${id}\r\n`;

/** Reads a mailbox as the kit does: pull, then keep the cursor. */
class Desk {
  readonly read: string[] = [];
  readonly progress: ({ done: number; total: number } | null)[] = [];
  cursor: string | null = null;
  beforeKeeping: () => void = () => undefined;
  refuse: (mail: FetchedMail) => void = () => undefined;
  private readonly stopped = new AbortController();
  private loop: Promise<void> = Promise.resolve();
  private readonly reader: Reader;
  failures = 0;

  constructor(
    private readonly server: MailServer,
    private readonly user: string,
    options: { importFrom?: string; markSeen?: boolean; now?: Date } = {},
  ) {
    const { importFrom, markSeen = false, now = new Date() } = options;
    this.reader = new Reader({
      importFrom,
      markSeen,
      now: () => now,
      open: () => Mailbox.open(this.server.login(this.user), ADDRESS, { folder: 'INBOX', writes: markSeen }),
      read: (one) => {
        this.refuse(one);
        return Promise.resolve(said(/^Subject: (.*)\r$/m.exec(one.source.toString())?.[1] ?? '?'));
      },
      unfetched: ({ uid }) => said(`unfetched ${uid}`),
      wellAt: (progress) => void this.progress.push(progress),
      rests: () => Promise.resolve(),
    });
  }

  start(): this {
    this.loop = this.run();
    return this;
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.loop;
    this.reader.close();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      try {
        const pulled = await this.reader.pull(this.cursor, signal);
        this.read.push(...pulled.events.map(({ data }) => ('remoteId' in data ? data.remoteId : '')));
        this.beforeKeeping();
        this.cursor = pulled.cursor;
      } catch {
        this.failures++;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}

function said(remoteId: string): ReadOut {
  return { events: [{ data: { remoteId } } as unknown as InboundEvent<typeof definition>], receipts: [] };
}

const opened = (desk: Desk): boolean => desk.cursor !== null && readCursor(desk.cursor)?.uidValidity !== null;

describe('reading a mailbox', () => {
  let server: MailServer;
  let count = 0;
  beforeAll(async () => void (server = await MailServer.start()));
  afterAll(() => server.stop());
  const name = (): string => `box${++count}`;

  it('takes what comes from now on, within a moment, and leaves it as it was', async () => {
    const user = name();
    await server.deliver(user, mail('old'), new Date(Date.now() - 60_000));
    const desk = new Desk(server, user).start();
    await eventually('opened', () => opened(desk));
    await server.deliver(user, mail('one'));
    await eventually('read', () => desk.read.length === 1);
    await server.deliver(user, mail('two'));
    await eventually('read too', () => desk.read.length === 2);
    await desk.stop();
    expect(desk.read).toEqual(['one', 'two']);
    expect((await server.files(user)).filter((file) => /:2,.*S/.test(file))).toEqual([]);
  });

  it('reads what came while the server could not be reached at first', async () => {
    const user = name();
    const desk = new Desk(server, user);
    await server.halt();
    desk.start();
    await eventually('tried', () => desk.failures > 0);
    await server.deliver(user, mail('early'));
    await server.resume();
    await eventually('read', () => desk.read.length === 1);
    await desk.stop();
    expect(desk.read).toEqual(['early']);
  });

  it('goes on behind the last mail when the server was restarted, and when it was itself', async () => {
    const user = name();
    const desk = new Desk(server, user).start();
    await eventually('opened', () => opened(desk));
    await server.deliver(user, mail('a'));
    await eventually('read', () => desk.read.length === 1);
    await server.halt();
    await server.deliver(user, mail('b'));
    await server.resume();
    await eventually('read', () => desk.read.length === 2);
    await desk.stop();
    const after = new Desk(server, user);
    after.cursor = desk.cursor;
    await server.deliver(user, mail('c'));
    after.start();
    await eventually('read', () => after.read.length === 1);
    await after.stop();
    expect([...desk.read, ...after.read]).toEqual(['a', 'b', 'c']);
  });

  it('reads again what was not kept: nothing is skipped', async () => {
    const user = name();
    const desk = new Desk(server, user, { importFrom: 'start' });
    for (const id of ['a', 'b']) await server.deliver(user, mail(id));
    let broken = 1;
    desk.beforeKeeping = () => {
      if (desk.read.length > 0 && broken-- > 0) throw new Error('killed before the cursor moved');
    };
    desk.start();
    await eventually('read twice', () => desk.read.length === 4);
    await desk.stop();
    expect(desk.read).toEqual(['a', 'b', 'a', 'b']);
  });

  it('imports all from the start with progress, or from a date, and what follows', async () => {
    const user = name();
    for (let n = 0; n < 120; n++)
      await server.deliver(user, mail(`m${n}`), new Date(n < 60 ? '2026-01-05T12:00:00Z' : '2026-03-05T12:00:00Z'));
    const desk = new Desk(server, user, { importFrom: 'start' }).start();
    await eventually('all', () => desk.read.length === 120);
    await server.deliver(user, mail('new'));
    await eventually('the new one', () => desk.read.includes('new'));
    await desk.stop();
    expect(new Set(desk.read).size).toBe(121);
    const shown = desk.progress.filter((one) => one !== null);
    expect(shown[0]).toEqual({ done: 0, total: 120 });
    expect(shown.length).toBeGreaterThan(3);
    expect(desk.progress.at(-1)).toBeNull();
    const later = new Desk(server, user, { importFrom: '2026-02-01' }).start();
    await eventually('the later ones', () => later.read.length === 61);
    await later.stop();
    expect(later.read).not.toContain('m59');
  });

  it('does not read a large mailbox from its beginning unless asked', async () => {
    const user = name();
    const long = new Date(Date.now() - 30 * 24 * 3600_000);
    for (let n = 0; n < 10_000; n += 200)
      await Promise.all(Array.from({ length: 200 }, (_, one) => server.deliver(user, mail(`old${n + one}`), long)));
    const desk = new Desk(server, user).start();
    await eventually('it is open', () => opened(desk), 30_000);
    await server.deliver(user, mail('new'));
    await eventually('the new one is read', () => desk.read.length > 0, 30_000);
    expect(desk.read).toEqual(['new']);
    expect(desk.progress.every((progress) => progress === null)).toBe(true);
    await desk.stop();
  });

  it('knows mails again under another UIDVALIDITY, and reads those that came meanwhile', async () => {
    const user = name();
    const desk = new Desk(server, user).start();
    await eventually('opened', () => opened(desk));
    for (const id of ['a', 'b', 'c']) await server.deliver(user, mail(id));
    await eventually('read', () => desk.read.length === 3);
    const validity = readCursor(desk.cursor)?.uidValidity;
    await server.halt();
    await server.deliver(user, mail('meanwhile'));
    await server.renumber(user);
    await server.resume();
    await eventually('read', () => desk.read.includes('meanwhile'));
    await server.deliver(user, mail('after'));
    await eventually('read', () => desk.read.includes('after'));
    await desk.stop();
    expect(desk.read).toEqual(['a', 'b', 'c', 'meanwhile', 'after']);
    expect(readCursor(desk.cursor)?.uidValidity).not.toBe(validity);
  });

  it('marks mails as seen only where it is told to, and only what was kept', async () => {
    const user = name();
    const desk = new Desk(server, user, { markSeen: true }).start();
    await eventually('opened', () => opened(desk));
    await server.deliver(user, mail('a'));
    await eventually('marked', async () => (await server.files(user)).some((file) => /:2,.*S/.test(file)));
    await desk.stop();
    expect(desk.read).toEqual(['a']);
  });
});
