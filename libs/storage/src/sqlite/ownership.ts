import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { SqliteConnection } from './connection';

/** Another process has the data: two would hand every event out twice. */
export class DataInUse extends Error {
  constructor(file: string) {
    super(`${file} is in use by another Huiliu process: stop that one, or set HUILIU_DATA to another folder`);
    this.name = 'DataInUse';
  }
}

/**
 * Makes this process the only one on a SQLite file: an exclusive lock on a file beside it, which the system takes back however the
 * process ends. Answers how to let go.
 */
export function takeOwnership(file: string): () => void {
  mkdirSync(dirname(file), { recursive: true });
  const connection = new SqliteConnection(`${file}.lock`);
  try {
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection.close();
    throw (error as { code?: unknown }).code === 'SQLITE_BUSY' ? new DataInUse(file) : error;
  }
  return () => connection.close();
}
