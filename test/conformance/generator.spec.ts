import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';

jest.setTimeout(600_000);

const ROOT = path.resolve(__dirname, '../..');
const EXAMPLE = path.join(__dirname, 'testdata/parcel');

/** A copy of the tree with what is built of it, in which things can be written: whatever ends a run, the tree itself is as it was. */
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

  const start = async (program: string, ...args: string[]) => {
    const child = spawn(program, args, { cwd: copy, env: { ...process.env, HUILIU_CONFORMANCE: '' } });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { status, out, err };
  };
  const run = (script: string, ...args: string[]) =>
    start(process.execPath, path.join(copy, 'deploy/scripts', script), ...args);
  /** The example's part over what the generator wrote. */
  const fill = (part: string, file: string, into: string): void =>
    cpSync(path.join(EXAMPLE, part, `${file}.ts.example`), path.join(copy, into, `${file}.ts`));

  it('writes a connector that runs, fails its conformance until it is filled, and passes it when it is', async () => {
    const written = await run('connector-new.mjs', 'parcel');
    expect([written.status, written.err]).toEqual([0, expect.stringContaining('npm run conformance -- parcel')]);
    for (const file of ['suite/src/main.ts', 'suite/src/suite.module.ts', 'sandbox/src/platforms/platforms.ts'])
      expect(readFileSync(path.join(copy, 'apps', file), 'utf8')).toContain('parcel');

    const empty = await run('conformance.mjs', 'parcel');
    expect(empty.status).toBe(1);
    expect(empty.out).toMatch(/^\d+ passed, [1-9]\d* failed\n$/m);
    expect(empty.err).toContain('refuses a true handshake');

    for (const file of ['signature', 'inbound', 'client', 'errors'])
      fill('connector', file, 'apps/connector-parcel/src/parcel');
    fill('platform', 'parcel', 'apps/sandbox/src/platforms/parcel');
    fill('plan', 'parcel', 'test/conformance/channels');
    const lines = readFileSync(path.join(copy, 'apps/sandbox/src/platforms/parcel/parcel.ts'), 'utf8').split('\n');
    expect(lines.length).toBeLessThanOrEqual(101);
    const [types, filled] = await Promise.all([
      start(path.join(ROOT, 'node_modules/.bin/tsc'), '--noEmit', '-p', copy),
      run('conformance.mjs', 'parcel'),
    ]);
    expect(types).toMatchObject({ status: 0, out: '' });
    expect([filled.status, filled.err]).toEqual([0, expect.stringContaining('duplicate push')]);
    expect(filled.out).toMatch(/^[1-9]\d* passed, 0 failed\n$/m);
  });

  it('puts others beside it, in apps of their own and in one that is there, and says what cannot be', async () => {
    expect(await run('connector-new.mjs', 'stamp')).toMatchObject({ status: 0 });
    expect(readFileSync(path.join(copy, 'apps/suite/src/main.ts'), 'utf8')).toContain("'connector_stamp'");
    expect((await run('connector-new.mjs', 'letter', '--app', 'connector-wechat')).status).toBe(0);
    for (const file of ['connector-wechat/src/connector-wechat.module.ts', 'edge/src/upstreams/edge-config.ts'])
      expect(readFileSync(path.join(copy, 'apps', file), 'utf8')).toContain('letter');
    const impossible = [
      ['letter'],
      ['wechat-official'],
      ['Bad Name'],
      [],
      ['../x'],
      ['email'],
      ['a', '--app', 'inbox'],
    ];
    for (const tried of await Promise.all(impossible.map((args) => run('connector-new.mjs', ...args))))
      expect(tried).toMatchObject({ status: 1, out: '' });
  });
});
