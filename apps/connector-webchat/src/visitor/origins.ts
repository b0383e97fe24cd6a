/** The origin of a request's `Origin` header as an address, or null for `null` and what is none. */
function webOrigin(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const plain =
    url.origin.toLowerCase() === text.toLowerCase() || `${url.protocol}//${url.host}` === text.toLowerCase();
  return plain && (url.protocol === 'http:' || url.protocol === 'https:') ? url : null;
}

/**
 * Whether a page of this origin may speak for its visitor. No `Origin`: no page of another site (browsers always send it then). An empty
 * list admits our own origin alone: the public address or, where none is set, the host that was asked.
 */
export function admitsOrigin(
  origin: string | undefined,
  allowed: readonly string[],
  own: { readonly publicUrl: string | null; readonly host: string | undefined },
): boolean {
  if (origin === undefined) return true;
  const asked = webOrigin(origin);
  if (asked === null) return false;
  if (allowed.length > 0) return allowed.some((one) => webOrigin(one)?.origin === asked.origin);
  if (own.publicUrl !== null && webOrigin(new URL(own.publicUrl).origin)?.origin === asked.origin) return true;
  // A browser cannot be made to send another Host than the one it asked; which scheme it spoke a proxy may have hidden.
  return own.host !== undefined && webOrigin(`${asked.protocol}//${own.host}`)?.origin === asked.origin;
}
