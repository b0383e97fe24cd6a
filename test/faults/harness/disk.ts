import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const BLOCK = Buffer.alloc(64 * 1024);

/**
 * A disk of its own that can be filled: a tmpfs, which a test may mount as root (as `npm test` in CI is). Bytes that do not fit fail with
 * ENOSPC as on any disk.
 */
export class SmallDisk {
  private readonly ballast: string;

  private constructor(readonly folder: string) {
    this.ballast = path.join(folder, 'ballast');
  }

  static mount(megabytes: number): SmallDisk {
    const folder = mkdtempSync(path.join(tmpdir(), 'huiliu-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'huiliu-faults', folder], { stdio: 'pipe' });
    } catch (error) {
      rmdirSync(folder);
      throw new Error('a small disk cannot be mounted: the tests of full disks need root', { cause: error });
    }
    return new SmallDisk(folder);
  }

  /** Takes all the room that is left, but for about so many bytes. */
  fill(leftBytes = 0): void {
    const ballast = openSync(this.ballast, 'w');
    let bytes = 0;
    try {
      for (;;) bytes += writeSync(ballast, BLOCK);
    } catch (error) {
      // Others write meanwhile: what is left is only known when there is nothing more.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      if (leftBytes > 0) ftruncateSync(ballast, Math.max(0, bytes - leftBytes));
    } finally {
      closeSync(ballast);
    }
  }

  /** Gives the room back. */
  relieve(): void {
    rmSync(this.ballast, { force: true });
  }

  unmount(): void {
    // Lazily: SQLite lets go of its files a moment after it was closed.
    execFileSync('umount', ['-l', this.folder], { stdio: 'pipe' });
    rmdirSync(this.folder);
  }
}
