import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { ImapFlow } from 'imapflow';
import type { Account, Conversation } from '@huiliu/contracts';
import { AgentClient, eventually, MailServer, pause, SmtpSink, startSuite, type System } from '@huiliu/testing';
import { idOfSource } from '../../apps/connector-email/src/ids';
import { parseMail } from '../../apps/connector-email/src/mime/parse-mail';
import { hostileMails } from '../../apps/connector-email/src/testing/hostile-mails';

/** They go through real servers one by one: more are no other. */
const MOST = 10_000;
const COUNT = Math.min(MOST, Number(process.env.FUZZ_COUNT || 1_000));
const SEED = Number(process.env.FUZZ_SEED || Math.floor(Math.random() * 2 ** 31));
const USER = 'hostile';
/** What the process may hold: 64 MB is the largest mail that is read, some times over, beside the suite. */
const MOST_MEMORY_MB = 900;
/** By how much the second half may hold more than the first: what the process keeps of ten thousand conversations. */
const MOST_GROWTH_MB = 250;

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

async function shownIds(admin: AgentClient, conversations: readonly Conversation[]): Promise<string[]> {
  const ids: string[] = [];
  const rest = [...conversations];
  const read = async (): Promise<void> => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop())
      for (const { remoteId } of await admin.messages(next.id)) if (remoteId !== null) ids.push(remoteId);
  };
  await Promise.all([read(), read(), read(), read()]);
  return ids;
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
    const progress = async (): Promise<number | null> =>
      (await admin.get<Account>(`/accounts/${account.id}`)).status.progress?.done ?? null;
    const samples = await watched(
      system,
      (async () => {
        await eventually('they are read', async () => (await progress()) !== null, 60_000);
        await eventually('all are read', async () => (await pause(500), await progress()) === null, COUNT * 300);
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
    const conversations = await admin.conversations(`accountId=${account.id}`);
    const [expected, shown] = [await expectedIds(server), await shownIds(admin, conversations)];
    const half = Math.floor(samples.length / 2);
    const [first, second] = [peak(samples.slice(0, half)), peak(samples.slice(half))];
    process.stderr.write(
      `${COUNT} hostile mails, seed ${SEED}: ${shown.length} messages in ${conversations.length} conversations, ` +
        `${Math.round(COUNT / seconds)} mails/s; memory ${before} MB before, at most ${first} MB in the first half, ${second} MB in the second\n`,
    );
    expect([...expected].filter((id) => !shown.includes(id))).toEqual([]);
    expect(new Set(shown).size).toBe(shown.length);
    expect(new Set(shown)).toEqual(expected);
    expect((await admin.get<Account>(`/accounts/${account.id}`)).status.state).toBe('ok');
    expect(peak(samples)).toBeLessThan(MOST_MEMORY_MB);
    expect(second - first).toBeLessThan(MOST_GROWTH_MB);
  });
});
