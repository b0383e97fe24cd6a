import type { Database, Tx } from '@huiliu/storage';

interface Waiting {
  readonly work: (tx: Tx) => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const MOST = 100;

/** Small writes that come together share one commit. When one of them fails, each is tried alone, so that it fails alone. */
export class TxBatch {
  private waiting: Waiting[] = [];
  private running = false;

  constructor(private readonly database: Database) {}

  run(work: (tx: Tx) => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ work, resolve, reject });
      if (!this.running) void this.runAll();
    });
  }

  private async runAll(): Promise<void> {
    this.running = true;
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, MOST);
      try {
        await this.database.transaction(async (tx) => {
          for (const one of batch) await one.work(tx);
        });
        for (const one of batch) one.resolve();
      } catch (error) {
        if (batch.length === 1) batch[0]?.reject(error);
        else for (const one of batch) await this.database.transaction(one.work).then(one.resolve, one.reject);
      }
    }
    this.running = false;
  }
}
