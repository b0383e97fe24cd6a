export type TextPart =
  { readonly text: string; readonly href?: undefined } | { readonly text: string; readonly href: string };

const ADDRESS = /https?:\/\/[^\s<>"'`，。；：！？、（）【】《》“”‘’\u200b-\u200f\u202a-\u202e\u2060-\u2069]+/gi;
const TRAILING = /[.,;:!?)\]}'"*_~]+$/;

/** Text cut into plain parts and web addresses. Only http and https become links; what a link shows is exactly where it goes. */
export function splitLinks(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    let address = match[0];
    const trailing = TRAILING.exec(address)?.[0] ?? '';
    // A closing bracket belongs to an address that opened one, as in Wikipedia's.
    if (!(trailing.startsWith(')') && address.includes('(')))
      address = address.slice(0, address.length - trailing.length);
    const href = safeHref(address);
    if (href === null) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: address, href });
    from = match.index + address.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** The address if it is http(s) and names no user (`https://bank.example@evil.example`), else null. */
export function safeHref(address: string): string | null {
  try {
    const url = new URL(address);
    return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === ''
      ? url.href
      : null;
  } catch {
    return null;
  }
}
