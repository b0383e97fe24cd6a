import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Account } from '@huiliu/contracts';
import { AgentClient, MailServer, SmtpSink } from '@huiliu/testing';
import { CpuMeter, perMessage } from '../lib/cpu';
import { startSuiteProduct } from '../lib/product';
import { recount } from '../lib/recount';
import { REPOSITORY } from '../lib/result';
import { round, say, until, type Scene } from '../lib/scene';
import { SqliteFile } from '../lib/sqlite-file';

const MAILS = 2_000;
/** One mail in so many brings a file, is written in HTML, answers the one before the last. */
const [WITH_FILE, WITH_HTML, ANSWERS] = [10, 2, 3];
const FILE_BYTES = 100_000;
const USER = 'import';
const PATIENCE_MS = 240_000;
const LOOK_MS = 100;

/**
 * A mailbox of 2,000 mails is set up with `importFrom: start`: from then until the last is stored, in the suite in one process; files and sources kept.
 * The mails lie in a real IMAP server. No floor: the figures are mails a second, CPU and memory.
 */
export const mailImport: Scene = async ({ seed }) => {
  const [server, sink] = await Promise.all([
    MailServer.start(path.join(REPOSITORY, 'deploy/scripts/services.mjs')),
    SmtpSink.start(),
  ]);
  const product = await startSuiteProduct(null, { OUTBOUND_ALLOW: '127.0.0.0/8' });
  const database = new SqliteFile(path.join(product.dataFolder, 'huiliu.sqlite'), true);
  try {
    for (let nth = 0; nth < MAILS; nth++) await server.deliver(USER, mailOf(seed, nth));
    const admin = await AgentClient.login(product.baseUrl, 'admin', product.adminPassword);
    const before = await memoryMb(product.processes());
    const meter = new CpuMeter(product.processes());
    const startedMs = Date.now();
    const config = {
      address: 'support@shop.example',
      imap: server.login(USER),
      smtp: sink.login(USER),
      importFrom: 'start',
    };
    const account = await admin.post<Account>('/accounts', { channel: 'email', name: 'bench', config });
    let most = before;
    const stored = (): number =>
      Number(
        database.all<{ n: number }>(
          'SELECT COUNT(*) AS n FROM inbox_messages m JOIN inbox_conversations c ON c.id = m.conversation_id WHERE c.account_id = ?',
          [account.id],
        )[0]?.n,
      );
    const whole = await until(
      async () => {
        most = Math.max(most, await memoryMb(product.processes()));
        return stored() >= MAILS;
      },
      PATIENCE_MS,
      LOOK_MS,
    );
    const seconds = (Date.now() - startedMs) / 1_000;
    const cpu = perMessage(meter.read(), MAILS);
    if (!whole) say(`mail-import: ${stored()} of ${MAILS} mails after ${PATIENCE_MS / 1_000} s`);
    const ids = database.all<{ remote_id: string }>(
      'SELECT m.remote_id FROM inbox_messages m JOIN inbox_conversations c ON c.id = m.conversation_id WHERE c.account_id = ?',
      [account.id],
    );
    const numbers = ids.map(({ remote_id: id }) => Number(/^<(\d+)\./.exec(id)?.[1] ?? -1)).sort((a, b) => a - b);
    const conversations = database.all<{ n: number }>(
      'SELECT COUNT(*) AS n FROM inbox_conversations WHERE account_id = ?',
      [account.id],
    )[0]?.n;
    say(`mail-import: ${round(MAILS / seconds)} mails/s, at most ${most} MB (${before} MB before)`);
    return {
      scene: 'mail-import',
      ratio: null,
      ratioRange: null,
      floor: null,
      system: MAILS / seconds,
      unit: 'mails/s',
      cpuMicrosPerMessage: Object.values(cpu).reduce((sum, one) => sum + one, 0),
      cpuByProcess: cpu,
      p50Ms: null,
      p99Ms: null,
      ...recount(
        new Map([[USER, MAILS]]),
        numbers.map((nth) => ({ conversation: USER, nth })),
      ),
      details: { seconds: round(seconds), conversations, memoryBeforeMb: before, memoryPeakMb: most },
      settings: { seed, mails: MAILS, filesEvery: WITH_FILE, fileBytes: FILE_BYTES },
    };
  } finally {
    database.close();
    await product.stop();
    await product.remove();
    await Promise.all([server.stop(), sink.stop()]);
  }
};

function mailOf(seed: number, nth: number): Buffer {
  const person = `kunde${nth % 400}@customer.example`;
  const head = [
    `Message-ID: <${nth}.${seed}@customer.example>`,
    `From: =?utf-8?B?${Buffer.from(`客户 ${nth % 400}`).toString('base64')}?= <${person}>`,
    'To: support@shop.example',
    `Subject: =?utf-8?B?${Buffer.from(`订单 ${nth} 的问题`).toString('base64')}?=`,
    `Date: ${new Date(Date.UTC(2026, 0, 1) + nth * 60_000).toUTCString()}`,
    'MIME-Version: 1.0',
    ...(nth % ANSWERS === 0 && nth >= 2 ? [`In-Reply-To: <${nth - 2}.${seed}@customer.example>`] : []),
  ];
  const words = `您好，订单 ${nth} 什么时候发货？${'请尽快回复，谢谢。'.repeat(1 + (nth % 30))}`;
  const body =
    nth % WITH_HTML === 0
      ? [
          'Content-Type: text/html; charset=utf-8',
          '',
          `<div style="color:#333"><p>${words}</p></div><blockquote type="cite">${words.repeat(3)}</blockquote>`,
        ]
      : ['Content-Type: text/plain; charset=utf-8', '', `${words}\r\n\r\n在 2026年1月1日，客服 写道：\r\n> ${words}`];
  if (nth % WITH_FILE !== 0) return Buffer.from([...head, ...body, ''].join('\r\n'));
  const file = Buffer.alloc(FILE_BYTES, `${seed}/${nth}/`).toString('base64').replace(/.{76}/g, '$&\r\n');
  return Buffer.from(
    [
      ...head,
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      ...body,
      '--b',
      `Content-Type: application/pdf; name=${nth}.pdf`,
      'Content-Transfer-Encoding: base64',
      'Content-Disposition: attachment',
      '',
      file,
      '--b--',
      '',
    ].join('\r\n'),
  );
}

/** Resident memory of all of these together, in MB. */
async function memoryMb(processes: readonly { readonly pid: number }[]): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', processes.map(({ pid }) => pid).join(',')]);
  const kilobytes = stdout
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0);
  return Math.round(kilobytes / 1024);
}
