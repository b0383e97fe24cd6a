/**
 * Whether a socket may be opened from this origin: none (not a browser), the public address, or the host that was asked. `null` and
 * whatever cannot be read are foreign.
 */
export function isOwnOrigin(origin: string | undefined, host: string | undefined, publicUrl: string | null): boolean {
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const asked = new URL(origin);
  if (asked.protocol !== 'http:' && asked.protocol !== 'https:') return false;
  if (publicUrl !== null && asked.origin === new URL(publicUrl).origin) return true;
  return (
    host !== undefined &&
    URL.canParse(`${asked.protocol}//${host}`) &&
    new URL(`${asked.protocol}//${host}`).host === asked.host
  );
}
