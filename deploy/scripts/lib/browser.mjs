import { existsSync } from 'node:fs';
import { say, Trouble } from './console.mjs';
import { installPackages } from './packages.mjs';
import { run, which } from './processes.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The path of a Chromium that the tests drive, with fonts that show Chinese; installs what is missing where it may. */
export async function ensureChromium() {
  const given = process.env.CHROMIUM_PATH;
  if (given && !existsSync(given)) throw new Trouble(`CHROMIUM_PATH names ${given}, which is not there`);
  let found = given || which(NAMES) || ELSEWHERE.find((file) => existsSync(file));
  const missing = [...(found ? [] : ['chromium']), ...((await showsChinese()) ? [] : ['fonts-noto-cjk'])];
  if (missing.length > 0) await installPackages('What the browser tests need (Chromium, a Chinese font)', missing);
  found ??= which(NAMES);
  if (!found) throw new Trouble('Chromium is still not on the PATH; name it with CHROMIUM_PATH');
  say(`Chromium: ${found}`);
  return found;
}

/** Systems without fontconfig (macOS) bring such fonts themselves. */
async function showsChinese() {
  if (which('fc-list') === null) return process.platform !== 'linux';
  return (await run('fc-list', [':lang=zh'])).stdout.trim() !== '';
}
