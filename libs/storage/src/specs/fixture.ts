import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '@huiliu/testing';
import type { Dialect, Tx } from '../database';
import { openDatabase, type OpenStorage, type StorageOptions } from '../open';
import { SAMPLE } from './sample';

export { idOf } from './sample';

// What is waited for here are databases and processes on a machine that may be busy with other suites.
jest.setTimeout(60_000);

/** A fresh place for a database that several opened storages may share. */
export interface Place {
  readonly dialect: Dialect;
  readonly url: string;
  open(over?: Partial<StorageOptions>): Promise<OpenStorage>;
  /** Closes what was opened and removes the database. */
  remove(): Promise<void>;
}

export async function makePlace(dialect: Dialect): Promise<Place> {
  const mysql = dialect === 'mysql' ? await createTestDatabase() : null;
  const dir = mkdtempSync(join(tmpdir(), 'huiliu-storage-'));
  const url = mysql?.url ?? `sqlite:${join(dir, 'data', 'test.sqlite')}`;
  const opened: OpenStorage[] = [];
  return {
    dialect,
    url,
    open: async (over = {}) => {
      const storage = await openDatabase({ url, dataDir: dir, prefix: 'sample', schemas: [SAMPLE], ...over });
      opened.push(storage);
      return storage;
    },
    remove: async () => {
      for (const storage of opened) await storage.close();
      await mysql?.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export async function addEntry(
  tx: Tx,
  id: string,
  threadId: string,
  seq: number,
  body: string | null = null,
): Promise<void> {
  await tx.insertMany('sample_entries', ['id', 'thread_id', 'seq', 'body'], [[id, threadId, seq, body]]);
}

/** Random numbers that a seed repeats (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Something that tests wait for: `open` lets everyone through. */
export class Gate {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}
