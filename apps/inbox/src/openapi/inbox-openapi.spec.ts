import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '@huiliu/testing';
import { InboxModule } from '../inbox.module';
import { EdgesApp } from '../testing/edges-app';
import { buildInboxOpenApi, writeInboxOpenApi } from './inbox-openapi';

/** What surfaces promise of `/api/v1`; a visitor's routes belong to the connector. */
const PROMISED = [
  'GET /accounts',
  'GET /accounts/{id}',
  'GET /agents',
  'GET /agents/me',
  'GET /attachments/{id}',
  'GET /channels',
  'GET /conversations',
  'GET /conversations/{id}',
  'GET /conversations/{id}/decisions',
  'GET /conversations/{id}/messages',
  'GET /dlq',
  'GET /teams',
  'DELETE /accounts/{id}',
  'PATCH /conversations/{id}',
  'POST /accounts',
  'POST /accounts/{id}/check',
  'POST /agents',
  'POST /attachments',
  'POST /attachments/{id}/ticket',
  'POST /auth/login',
  'POST /auth/logout',
  'POST /conversations/{id}/assign',
  'POST /conversations/{id}/messages',
  'POST /conversations/{id}/messages/{mid}/confirm',
  'POST /conversations/{id}/messages/{mid}/recall',
  'POST /conversations/{id}/messages/{mid}/retry',
  'POST /conversations/{id}/read',
  'POST /conversations/{id}/reopen',
  'POST /conversations/{id}/resolve',
  'POST /conversations/{id}/snooze',
  'POST /conversations/{id}/transfer',
  'POST /dlq/{id}/discard',
  'POST /dlq/{id}/replay',
  'POST /offers/{id}/accept',
  'POST /offers/{id}/decline',
  'POST /teams',
  'POST /ws-ticket',
  'PUT /accounts/{id}',
  'PUT /agents/me/password',
  'PUT /agents/me/presence',
  'PUT /agents/{id}',
  'PUT /teams/{id}',
];

describe('the OpenAPI document', () => {
  it('holds every promised route, and each with a body says what it takes', async () => {
    const { paths } = await buildInboxOpenApi();
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item as Record<string, { requestBody?: unknown; responses: object }>).map(
        ([method, operation]) => ({
          name: `${method.toUpperCase()} ${path.replace(/^\/api\/v1/, '')}`,
          operation,
        }),
      ),
    );
    expect(operations.map(({ name }) => name)).toEqual(expect.arrayContaining(PROMISED));
    const bodiless = /\/(logout|ws-ticket|ticket|check|confirm|recall|accept|decline|reopen|replay|discard)$/;
    for (const { name, operation } of operations) {
      if (/^(POST|PUT|PATCH) /.test(name) && !bodiless.test(name))
        expect({ name, body: operation.requestBody !== undefined }).toEqual({ name, body: true });
      expect(operation.responses).toHaveProperty('default');
    }
  });

  it('is served as it is written, with a page to read it', async () => {
    const app = await EdgesApp.start({}, InboxModule);
    try {
      const served = await call(app.url, 'GET', '/api/docs-json');
      expect(served.status).toBe(200);
      expect(served.body).toEqual(JSON.parse(JSON.stringify(await buildInboxOpenApi())));
      const page = await call(app.url, 'GET', '/api/docs');
      expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    } finally {
      await app.stop();
    }
  });

  it('is written the same each time, and speaks of nothing internal', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'huiliu-openapi-'));
    try {
      const texts: string[] = [];
      for (const name of ['a.json', 'b/b.json']) {
        await writeInboxOpenApi(join(folder, name));
        texts.push(await readFile(join(folder, name), 'utf8'));
      }
      expect(texts[0]).toBe(texts[1]);
      expect(texts[0]).not.toContain('/internal');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
