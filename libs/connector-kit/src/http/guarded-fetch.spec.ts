import fc from 'fast-check';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { AddressPolicy } from './address-policy';
import { GuardedFetch, type ResolvedAddress } from './guarded-fetch';

describe('AddressPolicy', () => {
  const policy = new AddressPolicy([]);

  it.each([
    ['9.255.255.255', true],
    ['10.0.0.0', false],
    ['10.255.255.255', false],
    ['11.0.0.0', true],
    ['100.63.255.255', true],
    ['100.64.0.0', false],
    ['100.127.255.255', false],
    ['100.128.0.0', true],
    ['126.255.255.255', true],
    ['127.0.0.0', false],
    ['127.255.255.255', false],
    ['128.0.0.0', true],
    ['169.253.255.255', true],
    ['169.254.0.0', false],
    ['169.254.169.254', false],
    ['169.255.0.0', true],
    ['172.15.255.255', true],
    ['172.16.0.0', false],
    ['172.31.255.255', false],
    ['172.32.0.0', true],
    ['192.167.255.255', true],
    ['192.168.0.0', false],
    ['192.168.255.255', false],
    ['192.169.0.0', true],
    ['198.17.255.255', true],
    ['198.18.0.0', false],
    ['198.19.255.255', false],
    ['198.20.0.0', true],
    ['0.0.0.0', false],
    ['0.255.255.255', false],
    ['1.0.0.0', true],
    ['223.255.255.255', true],
    ['224.0.0.0', false],
    ['239.255.255.255', false],
    ['240.0.0.0', false],
    ['255.255.255.255', false],
    ['192.0.0.1', false],
    ['192.0.2.1', false],
    ['198.51.100.1', false],
    ['203.0.113.1', false],
    ['192.88.99.1', false],
    ['::', false],
    ['::1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:7f00:1', false],
    ['0:0:0:0:0:ffff:10.0.0.1', false],
    ['::ffff:93.184.216.34', true],
    ['::127.0.0.1', false],
    ['64:ff9b::7f00:1', false],
    ['64:ff9b::10.0.0.1', false],
    ['64:ff9b::5db8:d822', true],
    ['64:ff9b:1::7f00:1', false],
    ['2002:7f00:1::', false],
    ['2002:5db8:d822::1', false],
    ['2001::1', false],
    ['2001:db8::1', false],
    ['fc00::1', false],
    ['fdff::1', false],
    ['fe80::1', false],
    ['fe80::1%eth0', false],
    ['febf::1', false],
    ['fec0::1', false],
    ['ff02::1', false],
    ['100::1', false],
    ['2606:4700::1111', true],
    ['2400:3200::1', true],
    ['localhost', false],
    ['', false],
  ])('%s: %s', (address, expected) => expect(policy.permits(address)).toBe(expected));

  it('lets through what is allowed, in every disguise, and nothing beside it', () => {
    const open = new AddressPolicy(['10.1.0.0/16', '127.0.0.1/32', 'fd00::/8']);
    expect(['10.1.0.0', '10.1.255.255', '127.0.0.1', '::ffff:10.1.2.3', 'fd12::1'].map((a) => open.permits(a))).toEqual(
      [true, true, true, true, true],
    );
    expect(['10.0.255.255', '10.2.0.0', '127.0.0.2', 'fc00::1', '::1'].map((a) => open.permits(a))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('a mapped address is judged as what it maps', () => {
    fc.assert(fc.property(fc.ipV4(), (v4) => expect(policy.permits(`::ffff:${v4}`)).toBe(policy.permits(v4))));
  });
});

describe('GuardedFetch', () => {
  let server: Server;
  let port: number;
  const seen: { url: string | undefined; headers: Record<string, unknown>; method: string | undefined }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push({ url: request.url, headers: request.headers, method: request.method });
      const path = request.url ?? '';
      if (path.startsWith('/to/'))
        return void response.writeHead(302, { location: decodeURIComponent(path.slice(4)) }).end();
      if (path === '/big') return void response.end(Buffer.alloc(5000));
      if (path === '/bomb')
        return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000)));
      if (path === '/slow') return;
      response.writeHead(path === '/500' ? 500 : 200, { 'content-type': 'text/plain' }).end('hello');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => void (seen.length = 0));

  const inside = [{ address: '127.0.0.1', family: 4 }];
  const table = (names: Record<string, readonly ResolvedAddress[][]>) => {
    const asked = new Map<string, number>();
    return {
      asked,
      resolve: (host: string) => {
        const n = asked.get(host) ?? 0;
        asked.set(host, n + 1);
        const answers = names[host] ?? [[]];
        return Promise.resolve(answers[Math.min(n, answers.length - 1)] ?? []);
      },
    };
  };

  it.each([
    'http://127.0.0.1:1/',
    'http://0x7f.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::]/',
    'http://0/',
    'http://169.254.169.254/latest/meta-data',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://localhost/',
    'ftp://93.184.216.34/',
    'file:///etc/passwd',
    'http://user:pass@93.184.216.34/',
    'nonsense',
    'http://[fe80::1%25eth0]/',
    'http://①②⑦.0.0.1/',
  ])('refuses %s', async (url) => {
    await expect(new GuardedFetch({ allow: [] }).fetch(url)).rejects.toMatchObject({ failure: 'refused' });
  });

  it('refuses a name of which any address is inside', async () => {
    const names = table({
      'both.example': [
        [
          { address: '93.184.216.34', family: 4 },
          { address: '10.0.0.1', family: 4 },
        ],
      ],
    });
    await expect(new GuardedFetch({ allow: [] }, names.resolve).fetch('http://both.example/')).rejects.toMatchObject({
      failure: 'refused',
    });
  });

  it('connects to the address that was checked, whatever the name says next', async () => {
    const names = table({ 'rebind.example': [inside, [{ address: '203.0.113.9', family: 4 }]] });
    const got = await new GuardedFetch({ allow: ['127.0.0.1/32'] }, names.resolve).fetch(
      `http://rebind.example:${port}/x`,
    );
    expect(got.body.toString()).toBe('hello');
    expect(names.asked.get('rebind.example')).toBe(1);
    expect(seen[0]?.headers.host).toBe(`rebind.example:${port}`);
  });

  it('judges every redirect anew', async () => {
    const names = table({
      'ok.example': [inside],
      'evil.example': [[{ address: '10.0.0.1', family: 4 }]],
      'late.example': [inside, [{ address: '192.168.0.1', family: 4 }]],
    });
    const guarded = new GuardedFetch({ allow: ['127.0.0.1/32'] }, names.resolve);
    const via = (to: string, host = 'ok.example') =>
      guarded.fetch(`http://${host}:${port}/to/${encodeURIComponent(to)}`, {
        headers: { Authorization: 'Bearer x', 'x-mine': '1' },
      });
    await expect(via('http://evil.example/')).rejects.toMatchObject({ failure: 'refused' });
    await expect(via('http://169.254.169.254/')).rejects.toMatchObject({ failure: 'refused' });
    await expect(via('file:///etc/passwd')).rejects.toMatchObject({ failure: 'refused' });
    await expect(via(`http://late.example:${port}/`, 'late.example')).rejects.toMatchObject({ failure: 'refused' });
    expect((await via('/x')).url).toBe(`http://ok.example:${port}/x`);
    expect(seen.at(-1)?.headers.authorization).toBe('Bearer x');
    await via(`http://127.0.0.1:${port}/x`);
    expect(seen.at(-1)?.headers.authorization).toBeUndefined();
    expect(seen.at(-1)?.headers['x-mine']).toBe('1');
    await expect(
      via(
        `http://ok.example:${port}/to/${encodeURIComponent('/to/' + encodeURIComponent('/to/' + encodeURIComponent('/to/x')))}`,
      ),
    ).rejects.toMatchObject({ failure: 'refused' });
  });

  it('keeps to its limits of size and time', async () => {
    const guarded = new GuardedFetch({ allow: ['127.0.0.1/32'] });
    const at = (path: string) => `http://127.0.0.1:${port}${path}`;
    await expect(guarded.fetch(at('/big'), { maxBytes: 4999 })).rejects.toMatchObject({ failure: 'too_large' });
    await expect(guarded.fetch(at('/bomb'), { maxBytes: 10_000 })).rejects.toMatchObject({ failure: 'too_large' });
    await expect(guarded.fetch(at('/slow'), { timeoutMs: 50 })).rejects.toMatchObject({ failure: 'unanswered' });
    expect((await guarded.fetch(at('/500'))).status).toBe(500);
    await expect(guarded.fetch('http://127.0.0.1:1/')).rejects.toMatchObject({ failure: 'unsent' });
  });

  it('lets the mail server of the sandbox through at its ports alone', async () => {
    let endpoints: string[] = [];
    const guarded = new GuardedFetch({ allow: [], sandboxEndpoints: () => endpoints });
    await expect(guarded.pin('127.0.0.1', 3143)).rejects.toMatchObject({ failure: 'refused' });
    endpoints = ['127.0.0.1:3143'];
    expect(await guarded.pin('127.0.0.1', 3143)).toEqual({ address: '127.0.0.1', family: 4 });
    for (const [host, other] of [
      ['127.0.0.1', 3306],
      ['127.0.0.2', 3143],
      ['127.0.0.1', undefined],
    ] as const)
      await expect(guarded.pin(host, other)).rejects.toMatchObject({ failure: 'refused' });
  });

  it('lets the sandbox through by its origin, and no redirect out of it', async () => {
    const guarded = new GuardedFetch({ allow: [], sandboxed: (url) => url.origin === `http://127.0.0.1:${port}` });
    expect((await guarded.fetch(`http://127.0.0.1:${port}/x`)).status).toBe(200);
    await expect(guarded.fetch('http://127.0.0.1:1/')).rejects.toMatchObject({ failure: 'refused' });
    await expect(
      guarded.fetch(`http://127.0.0.1:${port}/to/${encodeURIComponent('http://127.0.0.2/')}`),
    ).rejects.toMatchObject({ failure: 'refused' });
  });
});
