import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');
const TEXT =
  /\.(ts|tsx|mjs|cjs|js|json|ya?ml|md|html|css|sh|sql|svg|txt)$|(^|\/)(run|Dockerfile|Caddyfile|\.[a-z]+(rc|ignore))$/;

/** What git tracks, or would. */
function files(): string[] {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return list
    .split('\0')
    .filter((file) => TEXT.test(file) && existsSync(path.join(ROOT, file)) && statSync(path.join(ROOT, file)).isFile());
}

// Put together here, so that this file does not find itself.
const MACHINE_PATHS = new RegExp(
  ['/home', '/Users', '/root', '/work'].map((folder) => `(?<![\\w.$}-])${folder}/[a-z]`).join('|'),
);

describe('a clone on another machine', () => {
  it('finds no absolute path of this one', () => {
    const found = files().flatMap((file) => {
      const lines = readFileSync(path.join(ROOT, file), 'utf8').split('\n');
      return lines.flatMap((line, i) =>
        MACHINE_PATHS.test(line) && file !== 'test/repo/portable.spec.ts'
          ? [`${file}:${i + 1}: ${line.trim().slice(0, 120)}`]
          : [],
      );
    });
    expect(found).toEqual([]);
  });

  it('installs from whichever registry it is set up with', () => {
    expect(readFileSync(path.join(ROOT, '.npmrc'), 'utf8')).not.toMatch(/registry\s*=/);
    expect(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved": "http/);
  });
});
