import { request } from 'node:http';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { UPLOADER_HEADER, INTERNAL_TOKEN_HEADER, type Attachment } from '@huiliu/contracts';
import { InternalAuth, newId, UPLOAD_LIMIT } from '@huiliu/platform';
import { toDbTime } from '@huiliu/storage';
import { call, eventually, expectStatus, isErrorBody } from '@huiliu/testing';
import { EdgesApp, login, PASSWORD, type Person } from '../testing/edges-app';
import { AttachmentStore, LocalFolderStore } from './attachment-store';
import { AttachmentsService } from './attachments.service';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';

describe('attachments', () => {
  let app: EdgesApp;
  let ann: Person;
  let ben: Person;
  beforeAll(async () => {
    app = await EdgesApp.start();
    [ann, ben] = [await app.person(), await app.person()];
  });
  afterAll(() => app.stop());

  const form = (content: Uint8Array | string, name: string, type: string, field = 'file'): FormData => {
    const data = new FormData();
    data.append(field, new Blob([content], { type }), name);
    return data;
  };
  const upload = (
    who: Person | null,
    content: Uint8Array | string,
    name = 'a.png',
    type = 'image/png',
    field = 'file',
  ) => app.call<Attachment>(who, 'POST', '/attachments', { raw: form(content, name, type, field) });
  const download = (who: Person | null, id: string, headers?: Record<string, string>) =>
    app.call<string>(who, 'GET', `/attachments/${id}`, { headers });
  const stored = async (): Promise<string[]> => {
    const found = await readdir(join(app.service.config.dataDir, 'attachments'), {
      recursive: true,
      withFileTypes: true,
    }).catch(() => []);
    return found.filter((entry) => entry.isFile()).map(({ name }) => name);
  };
  const use = (id: string, uploader: { type: 'agent' | 'visitor'; id: string }, conversationId: string) =>
    app.db.transaction((tx) => app.service.app.get(AttachmentsService).resolve(tx, [id], { uploader, conversationId }));

  it('are stored under random names and come back as they were', async () => {
    const { status, body } = await upload(ann, PNG, '../../照片.png');
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String) as string,
      name: '照片.png',
      mime: 'image/png',
      size: PNG.length,
      url: `/api/v1/attachments/${body.id}`,
    });
    for (const name of await stored()) expect(name).toMatch(/^[0-9a-f]{48}$/);
    const response = await fetch(`${app.url}${body.url}`, { headers: { authorization: `Bearer ${ann.token}` } });
    expect(Buffer.from(await response.arrayBuffer()).equals(PNG)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': `inline; filename="__.png"; filename*=UTF-8''%E7%85%A7%E7%89%87.png`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox') as string,
    });
  });

  it.each([
    ['picture.svg', 'image/svg+xml', SVG],
    ['page.html', 'text/html', '<script>alert(1)</script>'],
    ['picture.png', 'image/png', SVG],
    ['script.js', 'text/javascript', 'alert(1)'],
  ])('%s (%s) is only ever downloaded', async (name, type, content) => {
    const { body } = await upload(ann, content, name, type);
    expect(body.mime).toBe('application/octet-stream');
    const { headers } = await download(ann, body.id);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('content-disposition')).toMatch(/^attachment; /);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('over 20 MB are 413 and leave nothing behind, whether or not their length is told', async () => {
    const before = await stored();
    const big = Buffer.alloc(UPLOAD_LIMIT + 1);
    const told = await upload(ann, big);
    expect([told.status, isErrorBody(told.body)]).toEqual([413, true]);
    const boundary = 'edge';
    const head = Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n`);
    const body = Readable.toWeb(Readable.from([head, big, Buffer.from(`\r\n--${boundary}--\r\n`)]));
    const headers = {
      authorization: `Bearer ${ann.token}`,
      'content-type': `multipart/form-data; boundary=${boundary}`,
    };
    const untold = await fetch(`${app.url}/api/v1/attachments`, {
      method: 'POST',
      headers,
      body: body as never,
      duplex: 'half',
    });
    expect([untold.status, isErrorBody(await untold.json())]).toEqual([413, true]);
    expect(await stored()).toEqual(before);
    expect((await upload(ann, big.subarray(1))).status).toBe(201);
  });

  it('that break off are not kept', async () => {
    const before = [await stored(), await app.db.query('SELECT id FROM inbox_attachments')];
    const unended = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\nabc';
    const type = 'multipart/form-data; boundary=x';
    expect(
      (await app.call(ann, 'POST', '/attachments', { raw: unended, headers: { 'content-type': type } })).status,
    ).toBe(400);
    const headers = { authorization: `Bearer ${ann.token}`, 'content-type': type, 'content-length': 100_000 };
    const broken = request(`${app.url}/api/v1/attachments`, { method: 'POST', headers });
    const closed = new Promise((resolve) => broken.once('close', resolve));
    broken.on('error', () => undefined);
    broken.write(unended, () => broken.destroy());
    await closed;
    await eventually(
      'cleaned up',
      async () =>
        JSON.stringify([await stored(), await app.db.query('SELECT id FROM inbox_attachments')]) ===
        JSON.stringify(before),
    );
    expect((await upload(ann, PNG)).status).toBe(201);
  });

  it('need the field `file` in a multipart body', async () => {
    expect((await upload(ann, PNG, 'a.png', 'image/png', 'other')).status).toBe(400);
    expect((await app.call(ann, 'POST', '/attachments', { raw: new FormData() })).status).toBe(400);
    expect((await app.call(ann, 'POST', '/attachments', { json: {} })).status).toBe(415);
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    expect((await app.call(ann, 'POST', '/attachments', { raw: '--x\r\nbroken', headers })).status).toBe(400);
    expect((await upload(null, PNG)).status).toBe(401);
  });

  it('are seen by their uploader alone until used, then by who sees the conversation', async () => {
    const id = (await upload(ann, PNG)).body.id;
    expect((await download(ann, id)).status).toBe(200);
    for (const who of [ben, app.admin]) expect((await download(who, id)).status).toBe(404);
    expect((await download(null, id)).status).toBe(401);
    const team = await app.team({ agentIds: [ben.id] });
    const conversation = await app.conversation({ assigneeId: null, teamId: team.id, accountId: newId() });
    await use(id, { type: 'agent', id: ann.id }, conversation);
    expect((await download(ben, id)).status).toBe(200);
    expect((await download(app.admin, id)).status).toBe(200);
    expect((await download(ann, id)).status).toBe(404);
    expect((await app.call(ann, 'POST', `/attachments/${id}/ticket`)).status).toBe(404);
  });

  it('are used by their uploader only, in one conversation only', async () => {
    const id = (await upload(ann, PNG)).body.id;
    const [one, two] = [newId(), newId()];
    const refused = { status: 400, code: 'unknown_attachment' };
    await expect(use(id, { type: 'agent', id: ben.id }, one)).rejects.toMatchObject(refused);
    await expect(use(id, { type: 'visitor', id: ann.id }, one)).rejects.toMatchObject(refused);
    await expect(use(newId(), { type: 'agent', id: ann.id }, one)).rejects.toMatchObject(refused);
    expect([...(await use(id, { type: 'agent', id: ann.id }, one)).keys()]).toEqual([id]);
    await use(id, { type: 'agent', id: ann.id }, one);
    await expect(use(id, { type: 'agent', id: ann.id }, two)).rejects.toMatchObject(refused);
  });

  it('that nothing used are removed: an agent’s after two days, a connector’s after thirty', async () => {
    const service = app.service.app.get(AttachmentsService);
    const [old, used, young] = [await upload(ann, PNG), await upload(ann, PNG), await upload(ann, PNG)].map(
      ({ body }) => body.id,
    ) as [string, string, string];
    const bytes = Readable.from([PNG]);
    const brought = await service.add({ stream: bytes, name: 'a.png', mime: '' }, { type: 'visitor', id: newId() });
    await use(used, { type: 'agent', id: ann.id }, newId());
    const age = (id: string, days: number) =>
      app.db.transaction((tx) =>
        tx.execute('UPDATE inbox_attachments SET created_at = ? WHERE id = ?', [
          toDbTime(new Date(Date.now() - days * 86_400_000)),
          id,
        ]),
      );
    for (const id of [old, used, brought.id]) await age(id, 3);
    const before = (await stored()).length;
    expect(await service.removeUnused(100)).toBe(1);
    expect((await stored()).length).toBe(before - 1);
    expect((await download(ann, old)).status).toBe(404);
    expect((await download(ann, young)).status).toBe(200);
    await age(brought.id, 31);
    expect(await service.removeUnused(100)).toBe(1);
    expect(await service.removeUnused(100)).toBe(0);
    const left = await app.db.query('SELECT id FROM inbox_attachments WHERE id IN (?, ?)', [used, brought.id]);
    expect(left).toEqual([{ id: used }]);
  });

  it('can be read with a ticket for just that file, while its login lasts', async () => {
    const guest = { ...ann, token: await login(app.url, ann.username, PASSWORD) };
    const [first, second] = [(await upload(guest, PNG)).body.id, (await upload(guest, PNG)).body.id];
    const { url, expiresAt } = expectStatus(
      await app.call<{ url: string; expiresAt: string }>(guest, 'POST', `/attachments/${first}/ticket`),
      201,
    );
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
    const get = (path: string) => call(app.url, 'GET', path);
    for (let i = 0; i < 2; i++) expect((await get(url)).status).toBe(200);
    expect((await get(url.replace(first, second))).status).toBe(401);
    expect((await get(`${url}x`)).status).toBe(401);
    expect((await get(`/api/v1/attachments/${first}?ticket=${await app.ticket(guest)}`)).status).toBe(401);
    expect((await get(`${url}&ticket=x`)).status).toBe(401);
    await app.call(guest, 'POST', '/auth/logout');
    expect((await get(url)).status).toBe(401);
  });

  it('can be read in parts', async () => {
    const id = (await upload(ann, 'abcdefghij', 'a.txt', 'text/plain')).body.id;
    const part = async (range: string) => {
      const { status, text, headers } = await download(ann, id, { range });
      return [status, text, headers.get('content-range')];
    };
    expect(await part('bytes=2-4')).toEqual([206, 'cde', 'bytes 2-4/10']);
    expect(await part('bytes=8-')).toEqual([206, 'ij', 'bytes 8-9/10']);
    expect(await part('bytes=-3')).toEqual([206, 'hij', 'bytes 7-9/10']);
    expect(await part('bytes=0-100')).toEqual([206, 'abcdefghij', 'bytes 0-9/10']);
    expect((await part('bytes=10-'))[0]).toBe(416);
    expect((await part('bytes=1-2,4-5'))[0]).toBe(200);
    expect((await part('pages=1-2'))[0]).toBe(200);
  });

  it('of visitors pass through the connector, each for its conversation', async () => {
    const token = app.service.app.get(InternalAuth).token();
    const [visitor, other] = [newId(), newId()];
    const internal = (method: string, path: string, who: string | null, options: object = {}) =>
      call<Attachment>(app.url, method, `/internal/attachments${path}`, {
        headers: { [INTERNAL_TOKEN_HEADER]: token, ...(who ? { [UPLOADER_HEADER]: who } : {}) },
        ...options,
      });
    const raw = form(PNG, 'v.png', 'image/png');
    expect(
      (await call(app.url, 'POST', '/internal/attachments', { raw, headers: { [UPLOADER_HEADER]: visitor } })).status,
    ).toBe(401);
    expect((await internal('POST', '', null, { raw: form(PNG, 'v.png', 'image/png') })).status).toBe(400);
    const id = expectStatus(await internal('POST', '', visitor, { raw: form(PNG, 'v.png', 'image/png') }), 201).id;
    const [mine, foreign] = [await app.conversation({ assigneeId: null, teamId: null, accountId: newId() }), newId()];
    const read = async (file: string, conversation: string, who: string) =>
      (await internal('GET', `/${file}?conversationId=${conversation}`, who)).status;
    expect([await read(id, mine, visitor), await read(id, mine, other)]).toEqual([200, 404]);
    await use(id, { type: 'visitor', id: visitor }, mine);
    expect([await read(id, mine, other), await read(id, foreign, other)]).toEqual([200, 404]);
    const [answer, note] = [(await upload(ann, PNG)).body.id, (await upload(ann, PNG)).body.id];
    for (const [seq, [file, isPublic]] of [[answer, 1] as const, [note, 0] as const].entries()) {
      await use(file, { type: 'agent', id: ann.id }, mine);
      const columns = [
        'id',
        'conversation_id',
        'seq',
        'direction',
        'author_type',
        'author_name',
        'content',
        'text',
        'state',
        'remote_ids',
        'is_public',
        'created_at',
      ];
      const content = JSON.stringify({ kind: 'image', text: '', attachment: { id: file } });
      await app.db.transaction((tx) =>
        tx.insertMany('inbox_messages', columns, [
          [
            newId(),
            mine,
            seq + 1,
            'outbound',
            'agent',
            'ann',
            content,
            '',
            'sent',
            '[]',
            isPublic,
            '2026-11-23 12:00:00.000',
          ],
        ]),
      );
    }
    expect([await read(answer, mine, visitor), await read(note, mine, visitor)]).toEqual([200, 404]);
  });

  it('say so when there is no room, and keep nothing of it', async () => {
    const before = await stored();
    const store = app.service.app.get(AttachmentStore);
    const full = new Readable({ read: () => undefined });
    full.push(PNG);
    full.destroy(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    await expect(store.write(full)).rejects.toMatchObject({ status: 507, code: 'storage_full' });
    expect(store).toBeInstanceOf(LocalFolderStore);
    expect(await stored()).toEqual(before);
  });
});
