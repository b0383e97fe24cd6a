import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DIST, ROOT, inRepo } from './paths.mjs';

/** Folders of the repository that hold pages (built for the browser, not for Node). */
const WEB = ['apps/console/web', 'apps/connector-webchat/widget', 'apps/sandbox/web'];

/**
 * The parts of the build: what each is made from. A part is stale when its sources, or what it is built with, are not those
 * that its stamp names.
 */
export const PARTS = {
  server: {
    sources: ['apps', 'libs'],
    without: [...WEB, 'libs/testing'],
    tools: ['.swcrc', 'package-lock.json'],
    output: 'apps',
  },
  console: {
    sources: ['apps/console/web', 'libs/contracts/src'],
    without: [],
    tools: ['package-lock.json'],
    output: 'web/console/index.html',
  },
  widget: {
    sources: ['apps/connector-webchat/widget'],
    without: [],
    tools: ['package-lock.json'],
    output: 'web/widget/widget.js',
  },
  sandbox: {
    sources: ['apps/sandbox/web'],
    without: [],
    tools: ['package-lock.json'],
    output: 'web/sandbox/index.html',
  },
  // No part of the product: built when it is asked for by name.
  bench: {
    sources: ['test/bench', 'libs/testing'],
    without: [],
    tools: ['.swcrc', 'package-lock.json'],
    output: 'test/bench/main.js',
    onDemand: true,
  },
};

const LEFT_OUT = /(\.spec\.tsx?|\.e2e\.ts|\.d\.ts)$|(^|\/)(testdata|node_modules)\//;

/** The files of a part, relative to the repository, sorted. */
export function filesOf(part) {
  const { sources, without } = PARTS[part];
  return sources.flatMap((folder) => walk(folder, without)).sort();
}

function walk(folder, without) {
  if (without.includes(folder) || !fs.existsSync(inRepo(folder))) return [];
  return fs.readdirSync(inRepo(folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : walk(file, without);
    return LEFT_OUT.test(file) ? [] : [file];
  });
}

const mark = (file) => {
  const { mtimeMs, size } = fs.statSync(path.join(ROOT, file));
  return `${Math.round(mtimeMs)}:${size}`;
};

/** What a part's sources and tools look like now: file → mark, and one mark of the tools. */
export function look(part) {
  const tools = createHash('sha256').update(process.version);
  for (const file of [...PARTS[part].tools, 'deploy/scripts/build.mjs']) tools.update(fs.readFileSync(inRepo(file)));
  return { tools: tools.digest('hex'), files: Object.fromEntries(filesOf(part).map((file) => [file, mark(file)])) };
}

const stampFile = (part) => path.join(DIST, '.stamps', `${part}.json`);

/** What a part was last built from; null when never. */
export function stampOf(part) {
  if (!fs.existsSync(stampFile(part)) || !fs.existsSync(path.join(DIST, PARTS[part].output))) return null;
  return JSON.parse(fs.readFileSync(stampFile(part), 'utf8'));
}

export function writeStamp(part, seen) {
  fs.mkdirSync(path.dirname(stampFile(part)), { recursive: true });
  fs.writeFileSync(stampFile(part), JSON.stringify(seen));
}

/** The parts whose sources are not those that they were built from; those that are built on demand only where they are named. */
export function staleParts(...named) {
  return Object.keys(PARTS)
    .filter((part) => PARTS[part].onDemand !== true || named.includes(part))
    .filter((part) => JSON.stringify(stampOf(part)) !== JSON.stringify(look(part)));
}
