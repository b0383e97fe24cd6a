import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The bytes of a master key, or null when the text is not the base64 of 32 bytes. */
export function readMasterKey(text: string): Buffer | null {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return null;
  const key = Buffer.from(trimmed, 'base64');
  return key.length === 32 ? key : null;
}

/**
 * The key kept in the data folder, made on the first start. Processes that start together agree on one: the file appears whole
 * (hard link) or not at all, and who comes second reads it.
 */
export function keptMasterKey(dataDir: string): Buffer {
  const path = join(dataDir, 'master.key');
  const found = readKept(path);
  if (found !== null) return found;
  mkdirSync(dataDir, { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const kept = readKept(path);
  if (kept === null) throw new Error(`cannot read ${path}`);
  return kept;
}

function readKept(path: string): Buffer | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const key = readMasterKey(text);
  // Never overwritten: whatever was sealed with the key that stood there would be lost.
  if (key === null) throw new Error(`${path} does not hold 32 bytes in base64`);
  return key;
}
