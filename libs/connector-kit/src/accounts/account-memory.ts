import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ACCOUNTS, type AccountsEvent } from '@huiliu/contracts';
import type { SecretBox } from '@huiliu/platform';

/**
 * The account records as they were last read, sealed in the data folder: a process that starts while the bus is away serves the
 * accounts it knew. A file that was changed, or sealed under another master key, is as good as none.
 */
export class AccountMemory {
  private readonly file: string;
  private readonly records = new Map<string, AccountsEvent>();
  private writing: Promise<void> | null = null;
  private again = false;

  constructor(
    dataDir: string,
    app: string,
    private readonly secrets: SecretBox,
    private readonly warn: (error: unknown) => void,
  ) {
    this.file = join(dataDir, 'accounts', `${app}.sealed`);
  }

  /** What was kept; nothing when there is nothing, or when it cannot be trusted. */
  async recall(): Promise<readonly AccountsEvent[]> {
    let sealed: string;
    try {
      sealed = await readFile(this.file, 'utf8');
    } catch {
      return [];
    }
    try {
      const kept = JSON.parse(this.secrets.open(sealed)) as unknown[];
      for (const record of kept.map((one) => ACCOUNTS.schema.parse(one) as AccountsEvent))
        this.records.set(record.data.accountId, record);
      return [...this.records.values()];
    } catch (error) {
      this.warn(error);
      return [];
    }
  }

  /** Keeps a record; written soon. */
  keep(record: AccountsEvent): void {
    if (this.records.get(record.data.accountId)?.data.revision === record.data.revision) return;
    this.records.set(record.data.accountId, record);
    this.changed();
  }

  forget(accountId: string): void {
    if (this.records.delete(accountId)) this.changed();
  }

  /** Resolves when what was kept is on disk, or could not be written. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private changed(): void {
    this.again = true;
    this.writing ??= this.write().finally(() => (this.writing = null));
  }

  private async write(): Promise<void> {
    // Records that come together are written together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.again) {
      this.again = false;
      try {
        await mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
        const next = `${this.file}.new`;
        await writeFile(next, this.secrets.seal(JSON.stringify([...this.records.values()])), { mode: 0o600 });
        await rename(next, this.file);
      } catch (error) {
        this.warn(error);
      }
    }
  }
}
