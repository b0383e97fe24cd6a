#!/usr/bin/env node
/** `npm run build`: builds into `dist` what is older than its sources, the parts at the same time. */
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { main, say, Trouble } from './lib/console.mjs';
import { DIST, ROOT, inRepo } from './lib/paths.mjs';
import { look, staleParts, stampOf, writeStamp } from './lib/sources.mjs';

const WIDGET_LIMIT = 30 * 1024;

/** Compiles the changed files of a part one by one (swc keeps the tree of folders), copies what is not TypeScript. */
async function buildFiles(part, folders, seen) {
  const swc = await import('@swc/core');
  const before = stampOf(part);
  const same = before?.tools === seen.tools ? before.files : {};
  if (before?.tools !== seen.tools)
    for (const folder of folders) fs.rmSync(path.join(DIST, folder), { recursive: true, force: true });
  for (const file of Object.keys(same))
    if (!(file in seen.files)) for (const output of outputsOf(file)) fs.rmSync(output, { force: true });
  const changed = Object.keys(seen.files).filter(
    (file) => same[file] !== seen.files[file] || !fs.existsSync(outputsOf(file)[0]),
  );
  await Promise.all(changed.map((file) => compile(swc, file)));
  return `${changed.length} of ${Object.keys(seen.files).length} files`;
}

const outputsOf = (file) => {
  const js = path.join(DIST, file.replace(/\.ts$/, '.js'));
  return file.endsWith('.ts') ? [js, `${js}.map`] : [js];
};

async function compile(swc, file) {
  const [output, map] = outputsOf(file);
  fs.mkdirSync(path.dirname(output), { recursive: true });
  if (map === undefined) return fs.copyFileSync(inRepo(file), output);
  const result = await swc.transformFile(inRepo(file), {
    cwd: ROOT,
    root: ROOT,
    filename: inRepo(file),
    sourceFileName: path.relative(path.dirname(output), inRepo(file)),
  });
  fs.writeFileSync(map, result.map);
  fs.writeFileSync(output, `${result.code}\n//# sourceMappingURL=${path.basename(map)}\n`);
}

async function buildConsole() {
  await buildPages('apps/console/web', 'console', {});
  return 'dist/web/console';
}

/** Every HTML file of the sandbox's folder is a page. */
async function buildSandbox() {
  const folder = 'apps/sandbox/web';
  const pages = fs.readdirSync(inRepo(folder)).filter((name) => name.endsWith('.html'));
  await buildPages(folder, 'sandbox', {
    base: './',
    build: { rollupOptions: { input: pages.map((page) => inRepo(folder, page)) } },
  });
  return 'dist/web/sandbox';
}

async function buildPages(folder, name, config) {
  const vite = await import('vite');
  const outDir = path.join(DIST, 'web', name);
  await vite.build({
    ...config,
    root: inRepo(folder),
    logLevel: 'warn',
    build: { ...config.build, outDir, emptyOutDir: true },
  });
}

async function buildWidget() {
  const esbuild = await import('esbuild');
  const outfile = path.join(DIST, 'web/widget/widget.js');
  await esbuild.build({
    entryPoints: [inRepo('apps/connector-webchat/widget/src/index.ts')],
    outfile,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2020',
    charset: 'utf8',
    legalComments: 'none',
    loader: { '.css': 'text', '.svg': 'text' },
    logLevel: 'silent',
  });
  const size = gzipSync(fs.readFileSync(outfile), { level: 9 }).length;
  if (size > WIDGET_LIMIT) throw new Trouble(`widget.js is ${size} bytes gzipped, more than ${WIDGET_LIMIT}`);
  return `dist/web/widget/widget.js, ${(size / 1024).toFixed(1)} KB gzipped`;
}

const BUILDERS = {
  server: (seen) => buildFiles('server', ['apps', 'libs'], seen),
  console: buildConsole,
  widget: buildWidget,
  sandbox: buildSandbox,
  bench: (seen) => buildFiles('bench', ['test/bench'], seen),
};

async function buildPart(part) {
  const began = Date.now();
  const seen = look(part);
  if (Object.keys(seen.files).length === 0) throw new Trouble(`${part}: there are no sources`);
  const what = await BUILDERS[part](seen);
  writeStamp(part, seen);
  say(`build ${part}: ${what}, ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

await main(async () => {
  const named = process.argv.slice(2);
  const stale = process.env.HUILIU_BUILD_ALL === '1' ? Object.keys(BUILDERS) : staleParts(...named);
  const parts = stale.filter((part) => named.length === 0 || named.includes(part));
  if (parts.length === 0) return say('build: everything is newer than its sources');
  const results = await Promise.allSettled(parts.map(buildPart));
  const failed = results.flatMap((result, i) =>
    result.status === 'rejected' ? [`build ${parts[i]} failed: ${reasonOf(result.reason)}`] : [],
  );
  if (failed.length > 0) throw new Trouble(failed.join('\n'));
});

function reasonOf(error) {
  return error instanceof Trouble ? error.message : (error?.message ?? String(error));
}
