import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The library looks at the file so often, s: until then the clock is what it was. */
const LOOK_S = 1;

/**
 * The wall clock of the processes that are started with `env`, by libfaketime: it steps as an administrator's or a bad time server's would.
 * What they measure by their own monotonic clock goes on undisturbed, as on a real machine.
 */
export class WallClock {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'huiliu-clock-'));
  private readonly file = path.join(this.folder, 'offset');

  constructor() {
    writeFileSync(this.file, '+0');
  }

  get env(): Record<string, string> {
    const library = process.env.FAKETIME_LIBRARY;
    if (!library)
      throw new Error(
        'FAKETIME_LIBRARY is not set: run `npm test`, or set it to libfaketimeMT.so.1 of Debian’s libfaketime',
      );
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_CACHE_DURATION: String(LOOK_S),
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Sets it so many minutes away from the real one, and waits until every process has it. */
  async jump(minutes: number): Promise<void> {
    writeFileSync(this.file, `${minutes < 0 ? '-' : '+'}${Math.abs(minutes)}m`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_S * 1500));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
