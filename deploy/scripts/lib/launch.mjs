import { spawn } from 'node:child_process';
import { Trouble } from './console.mjs';
import { inRepo } from './paths.mjs';
import { staleParts } from './sources.mjs';

/** Stops with words where this Node is too old, whatever the package manager let pass. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Trouble(`Huiliu needs Node 20.19 or newer; this is ${process.versions.node}.`);
}

/**
 * Builds what is older than its sources, parts on demand where they are named, in a process of its own: the compilers' memory is not for the
 * program that runs after.
 */
export async function buildIfNeeded(...onDemand) {
  const stale = staleParts(...onDemand);
  if (stale.length === 0) return;
  const code = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [inRepo('deploy/scripts/build.mjs'), ...stale], { stdio: ['ignore', 2, 2] });
    child.once('error', reject);
    child.once('close', (exit) => resolve(exit ?? 1));
  });
  if (code !== 0) throw new Trouble('The build failed; the reason is above.');
}
