import { newId } from '@huiliu/platform';

interface UploadedFile {
  readonly name: string;
  readonly mime: string;
  readonly bytes: Buffer;
}

const MOST_FILES = 50;
const MOST_BYTES = 64 * 1024 * 1024;

/** Files that are about to be attached to a mail, in memory; the oldest go when there are too many. */
export class UploadedFiles {
  private readonly files = new Map<string, UploadedFile>();
  private bytes = 0;

  add(file: UploadedFile): string {
    const id = newId();
    this.files.set(id, file);
    this.bytes += file.bytes.length;
    for (const [oldest, { bytes }] of this.files) {
      if (this.files.size <= MOST_FILES && this.bytes <= MOST_BYTES) break;
      this.files.delete(oldest);
      this.bytes -= bytes.length;
    }
    return id;
  }

  get(id: string): UploadedFile | undefined {
    return this.files.get(id);
  }
}
