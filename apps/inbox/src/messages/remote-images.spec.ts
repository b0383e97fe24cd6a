import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId } from '@huiliu/platform';
import { CoreApp } from '../testing/core-app';
import { mailContent } from '../testing/mails';
import type { Person } from '../testing/edges-app';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

describe('pictures of other sites in mails', () => {
  let site: Server;
  let origin: string;
  let app: CoreApp;
  let me: Person;
  let messageId: string;
  const asked: { url: string; headers: NodeJS.Dict<string | string[]> }[] = [];
  beforeAll(async () => {
    site = createServer((request, response) => {
      asked.push({ url: String(request.url), headers: request.headers });
      if (request.url === '/away') response.writeHead(302, { location: 'http://192.168.1.1/a.png' }).end();
      else if (request.url === '/missing') response.writeHead(404, { 'content-type': 'image/png' }).end(PNG);
      else if (request.url === '/svg') response.writeHead(200, { 'content-type': 'image/svg+xml' }).end('<svg/>');
      else if (request.url === '/big') response.writeHead(200).end(Buffer.concat([PNG, Buffer.alloc(6_000_000)]));
      else response.writeHead(200, { 'content-type': 'text/html' }).end(PNG);
    });
    await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening));
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    app = await CoreApp.start({ OUTBOUND_ALLOW: '127.0.0.1/32' });
    me = await app.person();
    const named = ['/a.png?x=1&y="2"', '/away', '/missing', '/svg', '/big', '/a.png'];
    const images = named.map((path) => `${origin}${path}`.replace(/&/g, '&amp;').replace(/"/g, '&quot;'));
    const html = ['http://10.0.0.1/a.png', 'file:///etc/passwd', ...images]
      .map((url) => `<p><img alt="" data-remote-src="${url}"></p>`)
      .join('');
    const thread = await app.writes('ann', { content: mailContent('ann@example.com', { html }) });
    messageId = thread.lastMessage!.id;
  });
  afterAll(async () => {
    await app.stop();
    await new Promise((closed) => site.close(closed));
  });

  const image = async (url: string, who: Person | null = me, id = messageId): Promise<[number, string | undefined]> => {
    const query = new URLSearchParams({ url }).toString();
    const { status, body } = await app.call<{ error?: { code: string } }>(
      who,
      'GET',
      `/messages/${id}/remote-image?${query}`,
    );
    return [status, body.error?.code];
  };

  it('are fetched here for who may see the mail, when asked for, telling nothing of who asks', async () => {
    expect(asked).toEqual([]);
    const address = `${origin}/a.png?x=1&y="2"`;
    const url = `${app.service.url}/api/v1/messages/${messageId}/remote-image?${new URLSearchParams({ url: address }).toString()}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${me.token}`, cookie: 'a=b' } });
    expect(Buffer.from(await response.arrayBuffer()).equals(PNG)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox') as string,
    });
    expect(asked).toHaveLength(1);
    const told = JSON.stringify(asked[0]);
    for (const secret of [me.token, 'cookie', 'referer', 'forwarded']) expect(told).not.toContain(secret);
  });

  it('are no way to anything else: not named, not a picture, not public, too large, out of sight', async () => {
    const before = asked.length;
    expect(await image(`${origin}/a.png?other`)).toEqual([404, 'not_found']);
    expect(await image(`${origin}/a.png`, me, newId())).toEqual([404, 'not_found']);
    expect(await image(`${origin}/a.png`, null)).toEqual([401, 'unauthorized']);
    expect((await image(''))[0]).toBe(400);
    expect(await image('http://10.0.0.1/a.png')).toEqual([502, 'image_unavailable']);
    expect(await image('file:///etc/passwd')).toEqual([502, 'image_unavailable']);
    expect(asked).toHaveLength(before);
    for (const path of ['/away', '/missing', '/svg', '/big'])
      expect(await image(`${origin}${path}`)).toEqual([502, 'image_unavailable']);
    await app.call(app.admin, 'POST', '/teams', {
      name: 'x',
      agentIds: [],
      accountIds: [app.accountId],
      acceptSeconds: null,
    });
    expect(await image(`${origin}/a.png`)).toEqual([404, 'not_found']);
  });
});
