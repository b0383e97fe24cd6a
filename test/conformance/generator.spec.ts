import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

jest.setTimeout(600_000);

const ROOT = path.resolve(__dirname, '../..');
const EXAMPLE = path.join(__dirname, 'testdata/parcel');

/** A copy of the tree with what is built of it, in which things can be written. */
function copyOfTree(): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'huiliu-generated-'));
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: ROOT });
  for (const file of files
    .toString()
    .split('\0')
    .filter((one) => one !== '' && existsSync(path.join(ROOT, one))))
    cpSync(path.join(ROOT, file), path.join(copy, file), { preserveTimestamps: true });
  cpSync(path.join(ROOT, 'dist'), path.join(copy, 'dist'), { recursive: true, preserveTimestamps: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

describe('connector:new', () => {
  let copy: string;
  beforeAll(() => void (copy = copyOfTree()));
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  const run = (script: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(copy, 'deploy/scripts', script), ...args],
      {
        cwd: copy,
        encoding: 'utf8',
        env: { ...process.env, HUILIU_CONFORMANCE: '' },
      },
    );
    return { status, out: stdout, err: stderr };
  };
  /** The example's part over what the generator wrote. */
  const fill = (part: string, file: string, into: string): void =>
    cpSync(path.join(EXAMPLE, part, `${file}.ts.example`), path.join(copy, into, `${file}.ts`));

  it('writes a connector that runs, fails its conformance until it is filled, and passes it when it is', () => {
    const written = run('connector-new.mjs', 'parcel');
    expect([written.status, written.err]).toEqual([0, expect.stringContaining('npm run conformance -- parcel')]);
    for (const file of ['suite/src/main.ts', 'suite/src/suite.module.ts', 'sandbox/src/platforms/platforms.ts'])
      expect(readFileSync(path.join(copy, 'apps', file), 'utf8')).toContain('parcel');

    const empty = run('conformance.mjs', 'parcel');
    expect(empty.status).toBe(1);
    expect(empty.out).toMatch(/^\d+ passed, [1-9]\d* failed\n$/m);

    for (const file of ['signature', 'inbound', 'client', 'errors'])
      fill('connector', file, 'apps/connector-parcel/src/parcel');
    fill('platform', 'parcel', 'apps/sandbox/src/platforms/parcel');
    fill('plan', 'parcel', 'test/conformance/channels');
    const lines = readFileSync(path.join(copy, 'apps/sandbox/src/platforms/parcel/parcel.ts'), 'utf8').split('\n');
    expect(lines.length).toBeLessThanOrEqual(101);
    const types = spawnSync(path.join(ROOT, 'node_modules/.bin/tsc'), ['--noEmit', '-p', copy], { encoding: 'utf8' });
    expect(types.stdout).toBe('');

    const filled = run('conformance.mjs', 'parcel');
    expect([filled.status, filled.err]).toEqual([0, expect.stringContaining('duplicate push')]);
    expect(filled.out).toMatch(/^[1-9]\d* passed, 0 failed\n$/m);
  });

  it('puts a second connector into an app that is there, and says what cannot be', () => {
    expect(run('connector-new.mjs', 'letter', '--app', 'connector-wechat').status).toBe(0);
    for (const file of ['connector-wechat/src/connector-wechat.module.ts', 'edge/src/upstreams/edge-config.ts'])
      expect(readFileSync(path.join(copy, 'apps', file), 'utf8')).toContain('letter');
    for (const args of [
      ['letter'],
      ['wechat-official'],
      ['Bad Name'],
      [],
      ['../x'],
      ['email'],
      ['a', '--app', 'inbox'],
    ])
      expect(run('connector-new.mjs', ...args)).toMatchObject({ status: 1, out: '' });
  });
});
