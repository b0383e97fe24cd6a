import type { SqlValue } from '../database';

/**
 * A value as it stands in a statement. Of text only the backslash, the quote and NUL are told in other words: everything else may lie between
 * quotes as it is, and the JSON that most of our bytes are holds none of the three. (The driver's own way escapes each double quote and line
 * end, one by one.) It relies on `sql_mode` without NO_BACKSLASH_ESCAPES and on UTF-8, both of which every connection is told first.
 */
export function literal(value: SqlValue): string {
  if (typeof value === 'string') return `'${escaped(value)}'`;
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  return `X'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'`;
}

/** The statement with its values in place of the question marks, of which none may stand for anything else. */
export function filled(sql: string, params: readonly SqlValue[]): string {
  const parts = sql.split('?');
  if (parts.length !== params.length + 1)
    throw new TypeError(`${params.length} values for ${parts.length - 1} question marks`);
  let text = parts[0]!;
  for (let i = 0; i < params.length; i++) text += literal(params[i]!) + parts[i + 1]!;
  return text;
}

/** Rows as `VALUES` takes them: `(…), (…)`. */
export function tuples(
  rows: readonly (readonly SqlValue[])[],
  { from, to }: { readonly from: number; readonly to: number },
  width: number,
): string {
  let text = '';
  for (let i = from; i < to; i++) {
    const row = rows[i]!;
    if (row.length !== width) throw new TypeError(`a row has ${row.length} values for ${width} columns`);
    text += i === from ? '(' : ', (';
    for (let j = 0; j < width; j++) text += j === 0 ? literal(row[j]!) : `, ${literal(row[j]!)}`;
    text += ')';
  }
  return text;
}

function escaped(text: string): string {
  if (!text.includes('\\') && !text.includes("'") && !text.includes('\0')) return text;
  return text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0');
}
