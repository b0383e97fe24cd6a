export interface HeaderField {
  /** In lower case. */
  readonly name: string;
  /** Unfolded, not decoded; one letter per byte. */
  readonly value: string;
  /** As it stands in the mail, its line ends included. */
  readonly raw: string;
}

/** Where a mail's body begins. */
export function bodyAt(raw: Buffer): number {
  const [crlf, lf] = [raw.indexOf('\r\n\r\n'), raw.indexOf('\n\n')];
  if (crlf < 0 && lf < 0) return raw.length;
  return lf < 0 || (crlf >= 0 && crlf < lf) ? crlf + 4 : lf + 2;
}

const MAX_HEADER = 256 * 1024;

/** The fields of a mail's header, in their order. What lies beyond 256 KB of it is left out. */
export function headerFields(raw: Buffer): HeaderField[] {
  const head = raw.toString('latin1', 0, Math.min(bodyAt(raw), MAX_HEADER));
  const fields: HeaderField[] = [];
  for (const [text] of head.matchAll(/[^\n]*\n(?:[ \t][^\n]*\n)*/g)) {
    const colon = text.indexOf(':');
    if (colon <= 0) continue;
    const value = text
      .slice(colon + 1)
      .replace(/\r?\n/g, '')
      .trim();
    fields.push({ name: text.slice(0, colon).trim().toLowerCase(), value, raw: text });
  }
  return fields;
}

/** The ids in a field like References, without their angle brackets. */
export function idsIn(value: string): string[] {
  return [...value.matchAll(/<([^<>\s]{1,998})>/g)].map((match) => match[1]!);
}
