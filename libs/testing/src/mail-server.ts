import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually';

const SERVICES = path.resolve(__dirname, '../../../deploy/scripts/services.mjs');
const execute = promisify(execFile);

/** Dovecot on loopback. Every name is a mailbox of its own, a Maildir that tests deliver into. */
export class MailServer {
  private constructor(
    private readonly script: string,
    private readonly folder: string,
    private address: URL,
  ) {}

  /** `script`: `services.mjs` of the repository, for whoever runs from `dist`. */
  static async start(script = SERVICES): Promise<MailServer> {
    const folder = await mkdtemp(path.join(process.env.HUILIU_TEST_FOLDER ?? tmpdir(), 'huiliu-imap-'));
    return new MailServer(script, folder, await up(script, folder));
  }

  /** As an account's `imap` takes it. */
  login(user: string): { host: string; port: number; secure: boolean; user: string; pass: string } {
    return {
      host: this.address.hostname,
      port: Number(this.address.port),
      secure: false,
      user,
      pass: this.address.password,
    };
  }

  /** Puts a mail into a mailbox, as a delivery agent does; `arrivedAt` is its internal date. */
  async deliver(user: string, source: Buffer | string, arrivedAt?: Date): Promise<void> {
    const folder = await this.maildir(user);
    const name = `${Date.now()}.M${process.hrtime.bigint()}R${randomBytes(8).toString('hex')}.test`;
    const unfinished = path.join(folder, 'tmp', name);
    await writeFile(unfinished, source, { mode: 0o644 });
    if (arrivedAt !== undefined) await utimes(unfinished, arrivedAt, arrivedAt);
    await rename(unfinished, path.join(folder, 'new', name));
  }

  /** Gives a mailbox that is not open yet so much room, of which so much is taken. */
  async limit(user: string, bytes: number, taken: number): Promise<void> {
    const file = path.join(await this.maildir(user), 'maildirsize');
    await writeFile(file, `${bytes}S\n${taken} 1\n`);
    await chmod(file, 0o666);
  }

  /** The mails of a mailbox as the files' names: those that were looked at carry flags. */
  async files(user: string): Promise<string[]> {
    const folder = await this.maildir(user);
    return (await Promise.all(['new', 'cur'].map((one) => readdir(path.join(folder, one))))).flat();
  }

  /**
   * Waits until every mail of a mailbox that somebody reads has its UID: what is delivered from then on comes after them. Mails that are found
   * together have no order.
   */
  async numbered(user: string): Promise<void> {
    const list = path.join(await this.maildir(user), 'dovecot-uidlist');
    await eventually('every mail has its UID', async () => {
      const known = existsSync(list) ? await readFile(list, 'utf8') : '';
      const names = (await this.files(user)).map((name) => name.split(':', 1)[0] ?? name);
      return names.every((name) => known.includes(name));
    });
  }

  async stop(): Promise<void> {
    await this.halt();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Ends the server; the mails stay. */
  async halt(): Promise<void> {
    await execute(process.execPath, [this.script, 'down', '--dir', this.folder]);
  }

  /** Starts it again where it was. */
  async resume(): Promise<void> {
    this.address = await up(this.script, this.folder, this.address.port);
  }

  /** Gives every mail of a mailbox another UID under another UIDVALIDITY; the server must be halted. */
  async renumber(user: string): Promise<void> {
    const folder = await this.maildir(user);
    const list = path.join(folder, 'dovecot-uidlist');
    const [, validity = '1'] = /^3 V(\d+)/.exec(existsSync(list) ? await readFile(list, 'utf8') : '') ?? [];
    for (const file of await readdir(folder)) if (file.startsWith('dovecot')) await rm(path.join(folder, file));
    await writeFile(list, `3 V${Number(validity) + 1000} N1\n`);
    await chmod(list, 0o666);
  }

  private async maildir(user: string): Promise<string> {
    const home = path.join(this.folder, 'imap', 'mail', user);
    const folder = path.join(home, 'Maildir');
    if (!existsSync(path.join(folder, 'new')))
      for (const one of [home, folder, ...['tmp', 'cur', 'new'].map((name) => path.join(folder, name))]) {
        await mkdir(one, { recursive: true });
        // The server reads mails as another user where the tests run as root.
        await chmod(one, 0o777);
      }
    return folder;
  }
}

async function up(script: string, folder: string, port = ''): Promise<URL> {
  const env = { ...process.env, IMAP_URL: '', IMAP_PORT: port };
  const { stdout } = await execute(process.execPath, [script, 'up', '--only', 'imap', '--dir', folder], { env });
  return new URL(stdout.trim().replace('IMAP_URL=', ''));
}
