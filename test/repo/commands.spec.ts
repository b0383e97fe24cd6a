import { spawnSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');

/** Runs a script of ours with only this environment. */
function command(
  script: string,
  args: string[],
  env: Record<string, string> = {},
): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(ROOT, 'deploy/scripts', script), ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    timeout: 60_000,
  });
  return { code: status, out: stdout, err: stderr };
}

describe('commands', () => {
  it('start:distributed says what is missing and which command gives it', () => {
    const none = command('distributed.mjs', []);
    expect(none.code).toBe(1);
    expect(none.err).toContain('npm run services -- up');
    expect(none.err).toContain('KAFKA_BROKERS and DATABASE_URL');
    const half = command('distributed.mjs', [], { KAFKA_BROKERS: '127.0.0.1:1' });
    expect([half.code, half.err.includes('DATABASE_URL'), half.err.includes('KAFKA_BROKERS and')]).toEqual([
      1,
      true,
      false,
    ]);
  });

  it('services refuses what it does not know', () => {
    expect(command('services.mjs', ['sideways'])).toMatchObject({ code: 1, out: '' });
    expect(command('services.mjs', ['up', '--only', 'postgres'])).toMatchObject({ code: 1, out: '' });
  });

  it('fuzz and connector:new say how they are used when they cannot tell what is meant', () => {
    for (const args of [
      ['a', 'b'],
      ['--count', '0'],
      ['--count', 'many'],
      ['--seed', 'x'],
    ])
      expect(command('fuzz.mjs', args)).toMatchObject({ code: 1, err: expect.stringContaining('npm run fuzz') });
    for (const args of [[], ['a', 'b'], ['Bad'], ['../a'], ['a', '--app', 'inbox']])
      expect(command('connector-new.mjs', args)).toMatchObject({
        code: 1,
        err: expect.stringContaining('npm run connector:new'),
      });
    expect(command('connector-new.mjs', ['wechat-official']).err).toContain('is there already');
  });

  it('services does not take a broker for granted that it was given', () => {
    const { code, out, err } = command('services.mjs', ['up', '--only', 'kafka'], { KAFKA_BROKERS: '127.0.0.1:1' });
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('does not answer');
  });

  it('services hands on a server that it was given and answers, and does not own it', () => {
    const url = process.env.HUILIU_TEST_MYSQL_URL;
    if (!url) throw new Error('HUILIU_TEST_MYSQL_URL is not set: run `npm test`');
    expect(command('services.mjs', ['up', '--only', 'mysql'], { DATABASE_URL: url })).toMatchObject({
      code: 0,
      out: `DATABASE_URL=${url}\n`,
    });
  });
});
