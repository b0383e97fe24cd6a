import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { ImapFlow } from 'imapflow';
import type { Account, Conversation, Message, ServerFrame } from '@huiliu/contracts';
import { AgentClient, eventually, MailServer, pause, SmtpSink, startSuite, type System } from '@huiliu/testing';
import { idOfSource } from '../../apps/connector-email/src/ids';
import { parseMail } from '../../apps/connector-email/src/mime/parse-mail';
import { hostileMails } from '../../apps/connector-email/src/testing/hostile-mails';

/** They go through real servers one by one: more are no other. */
const MOST = 10_000;
const COUNT = Math.min(MOST, Number(process.env.FUZZ_COUNT || 1_000));
const SEED = Number(process.env.FUZZ_SEED || Math.floor(Math.random() * 2 ** 31));
const USER = 'hostile';
/** What the process may hold: the suite, its bounded rings and caches, and what is in hand of the largest mails. */
const MOST_MEMORY_MB = 500;
/** By how much more the second half may hold than the first; of a short run the first half is the warming up. */
const MOST_GROWTH = COUNT < MOST ? Infinity : 0.1;
/** Of what happened so long ago a page can still be told, however much it was. */
const RESUMED_MS = 8 * 60_000;

jest.setTimeout(120_000 + COUNT * 400);

/** Samples the suite's memory while `work` goes on; answers MB, in order. */
async function watched(system: System, work: Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  const ended = work.then(() => true);
  while (!(await Promise.race([ended, pause(500).then(() => false)]))) samples.push((await system.memory()).suite ?? 0);
  return samples;
}

const peak = (samples: readonly number[]): number => Math.max(0, ...samples);

/** The ids under which the mails must be shown, as the server gives them out. */
async function expectedIds(server: MailServer): Promise<Set<string>> {
  const login = server.login(USER);
  const client = new ImapFlow({
    ...login,
    auth: { user: login.user, pass: login.pass },
    logger: false,
    maxLineLength: 64 * 1024 * 1024,
  });
  await client.connect();
  await client.mailboxOpen('INBOX', { readOnly: true });
  const ids = new Set<string>();
  for await (const { source } of client.fetch('1:*', { source: true })) {
    if (!Buffer.isBuffer(source)) throw new Error('the server gives a mail without its source');
    const read = await parseMail(source).catch(() => null);
    ids.add(read === null ? idOfSource(source) : read.id);
  }
  await client.logout();
  return ids;
}

interface Shown {
  readonly remoteId: string;
  readonly createdAt: string;
}

async function shownMessages(admin: AgentClient, conversations: readonly Conversation[]): Promise<Shown[]> {
  const shown: Shown[] = [];
  const rest = [...conversations];
  const read = async (): Promise<void> => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop())
      for (const { remoteId, createdAt } of await admin.messages(next.id))
        if (remoteId !== null) shown.push({ remoteId, createdAt });
  };
  await Promise.all([read(), read(), read(), read()]);
  return shown;
}

/** Where an agent's page stood, and when. */
interface Mark {
  readonly position: string;
  readonly at: number;
}

async function markOf(admin: AgentClient): Promise<Mark> {
  const page = await admin.connect();
  await page.close();
  return { position: page.position, at: Date.now() };
}

/** Everything that a page which was away since `mark` is told, up to the mail with this subject. */
async function toldSince(admin: AgentClient, { position }: Mark, subject: string): Promise<string[]> {
  const page = await admin.connect();
  page.send({ type: 'resume', seq: position });
  const created = ({ type, data }: ServerFrame): Message[] => (type === 'message.created' ? [data as Message] : []);
  const isLast = (frame: ServerFrame): boolean =>
    frame.type === 'reload' ||
    created(frame).some(({ content }) => content.kind === 'email' && content.subject === subject);
  await page.waitFor('the last mail', isLast, 120_000);
  await page.close();
  expect(page.frames.filter(({ type }) => type === 'reload')).toEqual([]);
  return page.frames.flatMap(created).flatMap(({ remoteId }) => (remoteId === null ? [] : [remoteId]));
}

describe(`${COUNT} hostile mails (FUZZ_SEED=${SEED})`, () => {
  let server: MailServer;
  let sink: SmtpSink;
  let system: System;
  beforeAll(async () => {
    await promisify(execFile)(process.execPath, [path.resolve(__dirname, '../../deploy/scripts/build.mjs')]);
    [server, sink, system] = await Promise.all([
      MailServer.start(),
      SmtpSink.start(),
      startSuite({ env: { OUTBOUND_ALLOW: '127.0.0.0/8' } }),
    ]);
  });
  afterAll(async () => {
    await system?.stop();
    await Promise.all([server?.stop(), sink?.stop()]);
  });

  it('are each shown or parked once, in flat memory, and the mailbox goes on', async () => {
    const admin = await AgentClient.login(system.baseUrl, 'admin', system.adminPassword);
    for (const mail of hostileMails(SEED, COUNT)) await server.deliver(USER, mail);
    const { suite: before } = await system.memory();
    const account = await admin.post<Account>('/accounts', {
      channel: 'email',
      name: '客服邮箱',
      config: {
        address: 'support@shop.example',
        imap: server.login(USER),
        smtp: sink.login(USER),
        importFrom: 'start',
      },
    });
    const started = Date.now();
    const marks = [await markOf(admin)];
    const progress = async (): Promise<number | null> =>
      (await admin.get<Account>(`/accounts/${account.id}`)).status.progress?.done ?? null;
    const samples = await watched(
      system,
      (async () => {
        await eventually('they are read', async () => (await progress()) !== null, 60_000);
        const allRead = async (): Promise<boolean> => {
          await pause(500);
          if (Date.now() - marks.at(-1)!.at > 15_000) marks.push(await markOf(admin));
          return (await progress()) === null;
        };
        await eventually('all are read', allRead, COUNT * 300);
      })(),
    );
    const seconds = (Date.now() - started) / 1_000;
    const good = 'a good mail after them';
    await server.deliver(
      USER,
      `Message-ID: <good@good.example>\r\nFrom: good@good.example\r\nSubject: ${good}\r\n\r\nhello`,
    );
    await eventually(
      'the good mail after them is shown',
      async () => (await admin.conversations(`accountId=${account.id}&q=${encodeURIComponent(good)}`)).length > 0,
      30_000,
    );
    const mark = marks.find(({ at }) => Date.now() - at < RESUMED_MS)!;
    const resuming = toldSince(admin, mark, good);
    const resumed = peak(await watched(system, resuming));
    const told = await resuming;
    const conversations = await admin.conversations(`accountId=${account.id}`);
    const [expected, messages] = [await expectedIds(server), await shownMessages(admin, conversations)];
    const shown = messages.map(({ remoteId }) => remoteId);
    const half = Math.floor(samples.length / 2);
    const [first, second] = [peak(samples.slice(0, half)), peak(samples.slice(half))];
    process.stderr.write(
      `${COUNT} hostile mails, seed ${SEED}: ${shown.length} messages in ${conversations.length} conversations, ` +
        `${Math.round(COUNT / seconds)} mails/s; memory ${before} MB before, at most ${first} MB in the first half, ${second} MB in the second, ` +
        `${resumed} MB while a page was told of ${told.length}\n`,
    );
    expect([...expected].filter((id) => !shown.includes(id))).toEqual([]);
    expect(new Set(shown).size).toBe(shown.length);
    expect(new Set(shown)).toEqual(expected);
    expect((await admin.get<Account>(`/accounts/${account.id}`)).status.state).toBe('ok');
    const later = messages.filter(({ createdAt }) => Date.parse(createdAt) > mark.at + 2_000);
    const toldOnce = new Set(told);
    expect(later.filter(({ remoteId }) => !toldOnce.has(remoteId))).toEqual([]);
    expect(toldOnce.size).toBe(told.length);
    expect(Math.max(peak(samples), resumed)).toBeLessThan(MOST_MEMORY_MB);
    expect(second / first - 1).toBeLessThan(MOST_GROWTH);
  });
});
