import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What is left free when the ballast fills a disk: less than anything needs. */
const PAGE = 4096;

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

  /** Takes all the room that is left, but for so many bytes. */
  fill(leftBytes = 0): void {
    rmSync(this.ballast, { force: true });
    const { bavail, bsize } = statfsSync(this.folder);
    writeFileSync(this.ballast, Buffer.alloc(Math.max(0, bavail * bsize - leftBytes - (leftBytes > 0 ? PAGE : 0))));
  }

  /** Gives the room back. */
  relieve(): void {
    rmSync(this.ballast, { force: true });
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.folder], { stdio: 'pipe' });
    rmdirSync(this.folder);
  }
}
