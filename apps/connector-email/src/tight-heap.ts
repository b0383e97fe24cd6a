import { setFlagsFromString } from 'node:v8';

/** By how many percent the heap may grow over what lives before V8 collects it. */
const GROWTH_PERCENT = 30;
const STAYS_MS = 60_000;

let timer: NodeJS.Timeout | null = null;

/**
 * Called with each mail that is read. By itself V8 lets the heap grow to several times what lives, and an import, of which next to nothing lives, fills
 * it with the texts of mails that are long stored. While mails are read it collects sooner, for a fifth more time; a minute later it is as before.
 */
export function keepHeapTight(): void {
  if (timer !== null) {
    timer.refresh();
    return;
  }
  growBy(GROWTH_PERCENT);
  timer = setTimeout(() => {
    timer = null;
    // 0: as V8 sees fit.
    growBy(0);
  }, STAYS_MS).unref();
}

/** V8 looks at it at the end of each collection, so that it may be changed while the process runs. */
function growBy(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
