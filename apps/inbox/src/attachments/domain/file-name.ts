const MAX_LETTERS = 200;

/**
 * A file's name as it is safe to show and to offer for saving: NFKC first (full-width slashes become slashes), then without control and
 * format characters (zero width, right-to-left marks), paths, and what Windows refuses. Never empty.
 */
export function normaliseFileName(given: string): string {
  const plain = given
    .toWellFormed()
    .normalize('NFKC')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
  const last = plain.split(/[/\\]/).pop() ?? '';
  const clean = last.replace(/[<>:"|?*]/g, '_').replace(/^[\s.]+|[\s.]+$/g, '');
  return shorten(clean) || 'file';
}

/** Cuts the middle, so that the extension stays. */
function shorten(name: string): string {
  const letters = [...name];
  if (letters.length <= MAX_LETTERS) return name;
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? '';
  return letters.slice(0, MAX_LETTERS - extension.length).join('') + extension;
}
