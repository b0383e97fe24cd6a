import { fileURLToPath } from 'node:url';
import path from 'node:path';

/** The root of the repository. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const DIST = path.join(ROOT, 'dist');
export const CACHE = path.join(ROOT, '.cache');

/** A path in the repository. */
export function inRepo(...parts) {
  return path.join(ROOT, ...parts);
}
