/** What a fault test tells beside its result: its seed, what it did, its recount. Straight to stderr: jest would frame each line. */
export function say(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

/** Rows of a table, their columns aligned. */
export function sayTable(rows: readonly (readonly (string | number)[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(String(row[column] ?? '')))));
  for (const row of rows) {
    const cells = row.map((cell, column) => {
      const text = String(cell);
      const gap = ' '.repeat((widths[column] ?? 0) - width(text));
      return typeof cell === 'number' ? gap + text : text + gap;
    });
    say(`  ${cells.join('  ').trimEnd()}`);
  }
}

const width = (text: string): number => [...text].length;
