import { Inject, Injectable } from '@nestjs/common';
import { AppError, Config, tooLarge, UPLOAD_LIMIT } from '@huiliu/platform';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { HEAD_BYTES } from './domain/magic';

/** A file as it was stored: under a random name, with its size and first bytes. */
export interface StoredFile {
  readonly storageName: string;
  readonly size: number;
  readonly head: Buffer;
}

/** Where files are kept. */
export abstract class AttachmentStore {
  /** Keeps a stream durably, or nothing of it. Throws 413 over the limit and 507 when there is no room. */
  abstract write(source: Readable): Promise<StoredFile>;
  /** Reads a file, or the bytes from `start` to `end`, both included. */
  abstract read(storageName: string, range?: { readonly start: number; readonly end: number }): Readable;
  abstract remove(storageName: string): Promise<void>;
}

/** Files in `<dataDir>/attachments/`, spread over 256 folders. */
@Injectable()
export class LocalFolderStore extends AttachmentStore {
  private readonly root: string;

  constructor(@Inject(Config) config: Pick<Config, 'dataDir'>) {
    super();
    this.root = join(config.dataDir, 'attachments');
  }

  async write(source: Readable): Promise<StoredFile> {
    const storageName = randomBytes(24).toString('hex');
    const path = this.pathOf(storageName);
    const unfinished = `${path}.part`;
    // A sender who breaks off before the file is open must not bring the process down; reading throws it again.
    source.on('error', () => undefined);
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(unfinished, 'wx');
      let written: Omit<StoredFile, 'storageName'>;
      try {
        written = await copy(source, file);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
      await syncFolder(dirname(path));
      return { storageName, ...written };
    } catch (error) {
      await rm(unfinished, { force: true });
      await rm(path, { force: true });
      throw isFull(error) ? new AppError(507, 'storage_full', 'there is no room to store the file') : error;
    }
  }

  read(storageName: string, range?: { readonly start: number; readonly end: number }): Readable {
    return createReadStream(this.pathOf(storageName), range);
  }

  async remove(storageName: string): Promise<void> {
    await rm(this.pathOf(storageName), { force: true });
  }

  private pathOf(storageName: string): string {
    return join(this.root, storageName.slice(0, 2), storageName);
  }
}

async function copy(source: Readable, file: FileHandle): Promise<{ size: number; head: Buffer }> {
  const heads: Buffer[] = [];
  let size = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (size < HEAD_BYTES) heads.push(chunk.subarray(0, HEAD_BYTES - size));
    size += chunk.length;
    if (size > UPLOAD_LIMIT) throw tooLarge(UPLOAD_LIMIT);
    await file.writeFile(chunk);
  }
  return { size, head: Buffer.concat(heads) };
}

/** Makes a rename durable: the folder's entry is on disk too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
