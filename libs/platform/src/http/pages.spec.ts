import fastify, { type FastifyInstance } from 'fastify';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sendError } from '../errors/exception-filter';
import { servePages, webFolder } from './pages';

let folder: string;
let app: FastifyInstance;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huiliu-pages-'));
  mkdirSync(join(folder, 'pages/assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'hidden treasure');
  writeFileSync(join(folder, 'pages/index.html'), '<title>page</title>');
  writeFileSync(join(folder, 'pages/assets/app-1.js'), 'app');
  app = fastify();
  app.setErrorHandler((error, _request, reply) => sendError(reply, error, () => undefined));
  servePages(app, {
    prefix: '',
    folder: join(folder, 'pages'),
    singlePage: true,
    leave: (path) => path.startsWith('/api'),
  });
  servePages(app, { prefix: '/sandbox', folder: join(folder, 'pages'), singlePage: false });
  await app.ready();
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const browser = { accept: 'text/html,application/xhtml+xml' };
const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });

test('files below assets for ever, pages asked for anew', async () => {
  expect((await get('/assets/app-1.js')).headers['cache-control']).toBe('public, max-age=31536000, immutable');
  const page = await get('/');
  expect([page.statusCode, page.headers['cache-control'], page.body]).toEqual([200, 'no-cache', '<title>page</title>']);
  expect((await app.inject({ method: 'HEAD', url: '/' })).statusCode).toBe(200);
});

test("the page's own paths for a browser only", async () => {
  expect((await get('/settings/teams', browser)).statusCode).toBe(200);
  for (const [url, headers] of [
    ['/settings/teams', {}],
    ['/missing.js', browser],
    ['/assets/missing', browser],
    ['/api/v1/x', browser],
    ['/sandbox/other', browser],
  ] as const) {
    expect([url, (await get(url, headers)).statusCode]).toEqual([url, 404]);
  }
});

test('a path that leaves the folder is refused', async () => {
  for (const url of [
    '/sandbox/..%2fsecret.txt',
    '/sandbox/a/%2e%2e/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/sandbox/%00',
  ]) {
    const answer = await get(url);
    expect([url, answer.statusCode >= 400 && answer.statusCode < 500]).toEqual([url, true]);
  }
});

test('the folder of a prefix is its page', async () => {
  const moved = await get('/sandbox');
  expect([moved.statusCode, moved.headers['location']]).toEqual([308, '/sandbox/']);
  expect((await get('/sandbox/')).body).toContain('page');
});

test.each([
  '/../secret.txt',
  '/..%2fsecret.txt',
  '/%2e%2e/secret.txt',
  '/assets/..%2f..%2fsecret.txt',
  '/assets/..%5c..%5csecret.txt',
  '/%00',
  '/.%00/',
])('%s stays inside the folder', async (url) => {
  const answer = await get(url, browser);
  expect(answer.body).not.toContain('treasure');
  expect(answer.statusCode).toBeGreaterThanOrEqual(200);
});

test('built pages are found from the sources', () =>
  expect(webFolder('console')).toBe(join(__dirname, '../../../../dist/web/console')));
