import { useEffect, useState } from 'react';
import { fetchFile } from '../api/http';

/** So many at a time, and so many of one mail. */
const AT_ONCE = 4;
const MOST = 100;

/** A picture that a mail shows: under which address it names it, and where our server gives its bytes out. */
export interface Picture {
  readonly address: string;
  readonly from: string;
}

/**
 * Fetches pictures with our bearer, which an `<img>` cannot carry, and answers addresses of their bytes in this page. What cannot be had is
 * left out. `pictures` must be the same object as long as it says the same.
 */
export function usePictures(pictures: readonly Picture[]): ReadonlyMap<string, string> {
  const [fetched, setFetched] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    const stop = new AbortController();
    const made: string[] = [];
    const left = pictures.slice(0, MOST);
    const work = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined && !stop.signal.aborted; next = left.shift()) {
        const { address, from } = next;
        const bytes = await fetchFile(from, stop.signal).catch(() => null);
        if (bytes === null || stop.signal.aborted) continue;
        const url = URL.createObjectURL(bytes);
        made.push(url);
        setFetched((before) => new Map([...before, [address, url]]));
      }
    };
    for (let n = 0; n < AT_ONCE; n++) void work();
    return () => {
      stop.abort();
      setFetched(new Map());
      for (const url of made) URL.revokeObjectURL(url);
    };
  }, [pictures]);
  return fetched;
}
