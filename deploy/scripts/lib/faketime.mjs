import { existsSync, readdirSync } from 'node:fs';
import { installPackages } from './packages.mjs';

/** Where Debian and Ubuntu keep it, per architecture. */
const find = () =>
  readdirSync('/usr/lib', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `/usr/lib/${entry.name}/faketime/libfaketimeMT.so.1`)
    .find((file) => existsSync(file));

/** The library that sets the clock of single processes, for the tests that let it jump; installs it where it may. */
export async function ensureFaketime() {
  const given = process.env.FAKETIME_LIBRARY ?? find();
  if (given) return given;
  await installPackages('What sets the clock of a process (libfaketime)', ['libfaketime']);
  return find();
}
