import { execFileSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');
/** Typed rules need a file that a project knows; what is in it does not matter here. */
const FILE = 'apps/inbox/src/schema.ts';

/** A line each that breaks one rule. */
const BAD: [rule: string, line: string][] = [
  ['no-restricted-syntax', 'dataSource.transaction(() => {});'],
  ['no-restricted-syntax', 'orm.manager.transaction(() => {});'],
  ['no-restricted-syntax', "export const page = () => fetch('http://127.0.0.1');"],
  ['no-restricted-imports', "export * from 'axios';"],
  ['no-restricted-syntax', 'export default 1;'],
  ['@typescript-eslint/no-floating-promises', 'Promise.resolve(1);'],
  ['@typescript-eslint/no-misused-promises', "process.on('exit', async () => {});"],
  ['@typescript-eslint/no-explicit-any', 'export const x = (y: any): void => void y;'],
];
const GOOD = [
  'interface Orm { transaction(work: () => void): void }',
  'declare const dataSource: Orm;',
  'declare const orm: { readonly manager: Orm };',
];

/** `line:rule` for every rule broken in a text. */
function broken(text: string): string[] {
  const args = [
    path.join(ROOT, 'node_modules/eslint/bin/eslint.js'),
    '--stdin',
    '--stdin-filename',
    FILE,
    '--format',
    'json',
  ];
  let json: string;
  try {
    json = execFileSync(process.execPath, args, {
      cwd: ROOT,
      input: text,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    json = (error as { stdout: string }).stdout;
  }
  const [result] = JSON.parse(json) as { messages: { ruleId: string | null; line: number; message: string }[] }[];
  return (result?.messages ?? []).map((message) => `${message.line}: ${message.ruleId ?? message.message}`);
}

describe('lint rules', () => {
  it('fire on the line that breaks them, and on no other', () => {
    const text = [...GOOD, ...BAD.map(([, line]) => line), ''].join('\n');
    expect(broken(text)).toEqual(BAD.map(([rule], i) => `${GOOD.length + i + 1}: ${rule}`));
  }, 120_000);
});
