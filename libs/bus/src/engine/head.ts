/** What stands at the beginning of every record that `wrap` made: enough to tell one nobody here wants from others, without reading it. */
interface Head {
  readonly id: string;
  readonly type: string;
}

const HEAD = /^\{"id":"([^"\\]{1,100})","type":"([^"\\]{1,100})","v":/;
const MOST_BYTES = 220;

/** The head of a record; null where it does not begin with one: then it must be read. */
export function headOf(value: string | Uint8Array | null): Head | null {
  if (value === null) return null;
  const start = typeof value === 'string' ? value : latin1(value);
  const found = HEAD.exec(start);
  return found === null ? null : { id: found[1]!, type: found[2]! };
}

function latin1({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, Math.min(length, MOST_BYTES)).toString('latin1');
}
