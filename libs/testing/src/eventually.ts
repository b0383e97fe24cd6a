/** Waits some milliseconds. Only to ask again, never to hope that something has happened meanwhile. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Asks again until `look` neither throws nor answers `undefined` or `false`; for what can only be seen by asking. Throws what the
 * last look said when the time is over.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 15_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= end)
      throw new Error(`not within ${timeoutMs} ms: ${what}${last === undefined ? '' : ` (${describe(last)})`}`);
    await pause(25);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : JSON.stringify(error);
}
