import { Trouble, say } from './console.mjs';
import { run, which } from './processes.mjs';

let updated = false;

/**
 * Installs Debian packages where we may (root, apt-get); else says which command does.
 * @param {string} what what is missing, in words
 * @param {string[]} packages
 */
export async function installPackages(what, packages) {
  const command = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (which('apt-get') === null) {
    throw new Trouble(
      `${what} is missing and this system has no apt-get. Install what matches these Debian packages: ${packages.join(' ')}`,
    );
  }
  if (process.getuid?.() !== 0) throw new Trouble(`${what} is missing. Install it with:\n  sudo sh -c '${command}'`);
  say(`${what} is missing: installing the Debian packages ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if (!updated) {
    const update = await run('apt-get', ['update', '-qq'], { env });
    if (update.code !== 0) throw new Trouble(`apt-get update failed:\n${tail(update.output)}`);
    updated = true;
  }
  const install = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
  if (install.code !== 0) throw new Trouble(`Could not install ${what}. Try:\n  ${command}\n${tail(install.output)}`);
}

export function tail(text, lines = 15) {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
