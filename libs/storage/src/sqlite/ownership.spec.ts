import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataInUse, takeOwnership } from './ownership';

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'huiliu-own-'))));
afterEach(() => rmSync(dir, { recursive: true }));

test('one process has the data at a time', () => {
  const file = join(dir, 'new', 'a.sqlite');
  const letGo = takeOwnership(file);
  expect(() => takeOwnership(file)).toThrow(DataInUse);
  expect(() => takeOwnership(file)).toThrow('HUILIU_DATA');
  letGo();
  takeOwnership(file)();
});

test('a process that was killed leaves the data free', async () => {
  const file = join(dir, 'a.sqlite');
  const holder = `
    const { DatabaseSync } = require('@photostructure/sqlite');
    const db = new DatabaseSync(process.argv[1]);
    db.exec('BEGIN EXCLUSIVE');
    console.log('held');
    setInterval(() => db.isOpen, 1000);
  `;
  const child = spawn(process.execPath, ['-e', holder, `${file}.lock`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  expect(() => takeOwnership(file)).toThrow(DataInUse);
  child.kill('SIGKILL');
  await once(child, 'exit');
  takeOwnership(file)();
});
