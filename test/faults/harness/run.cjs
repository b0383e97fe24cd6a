/** Runs a TypeScript file of this repository in a process of its own: `node run.cjs <file>`. */
const { readFileSync } = require('node:fs');
const { resolve } = require('node:path');
const { transformSync } = require('@swc/core');

const root = resolve(__dirname, '../../..');
require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    cwd: root,
    root,
    configFile: resolve(root, '.swcrc'),
    sourceMaps: false,
  });
  module._compile(code, filename);
};
require(resolve(process.argv[2]));
