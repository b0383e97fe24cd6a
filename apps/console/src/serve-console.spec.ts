import { Controller, Module, Post, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, startService, type RunningService } from '@huiliu/platform';
import { serveConsole } from './serve-console';

const folder = mkdtempSync(join(tmpdir(), 'console-'));

@Controller('api/v1/auth')
class LoginController {
  @Post('login')
  login(): object {
    return {};
  }
}

@Module({ controllers: [LoginController] })
class PagesModule implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    serveConsole(this.host.httpAdapter.getInstance<FastifyInstance>(), folder);
  }
}

describe('the served console', () => {
  let service: RunningService;
  const get = (path: string) => fetch(`${service.url}${path}`);

  beforeAll(async () => {
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Huiliu</title>');
    writeFileSync(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    writeFileSync(join(folder, 'assets', 'index-abc.js'), 'export {};');
    const config = loadConfig({
      PORT: '0',
      HUILIU_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
      RATE_LIMITS: 'off',
    });
    service = await startService(
      { name: 'console', modules: () => [PagesModule], logTo: { write: () => undefined } },
      config,
    );
  });
  afterAll(async () => {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['/', '/login', '/login?to=%2F', '/settings', '/settings/accounts', '/?c=01ARZ3NDEKTSV4RRFFQ69G5FAV'])(
    'answers %s with the page, asked for anew each time',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^text\/html/);
      expect(response.headers.get('cache-control')).toBe('no-cache');
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("default-src 'self'");
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  it('lets assets be kept for ever', async () => {
    const response = await get('/assets/index-abc.js');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/javascript/);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });

  it.each([
    '/assets/none.js',
    '/assets/',
    '/assets/../index.html',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/index.php',
    '/api',
    '/api/v1/nothing',
    '/webchat/x',
    '/webhooks/x',
    '/sandbox/x',
    '/internal/x',
    '/ws/x',
  ])('never answers %s with a page of its own', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: expect.objectContaining({ code: 'not_found' }) });
  });

  it('leaves the health pages alone, and 405 what is not asked with GET', async () => {
    expect((await get('/healthz')).headers.get('content-type')).toMatch(/json/);
    expect((await get('/api/v1/auth/login')).status).toBe(405);
    expect((await fetch(`${service.url}/`, { method: 'POST' })).status).toBe(405);
  });
});
