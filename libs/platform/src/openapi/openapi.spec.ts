import { Controller, Get, Module, Post } from '@nestjs/common';
import { Id } from '@huiliu/contracts';
import { z } from 'zod';
import { loadConfig } from '../config/load-config';
import { startService } from '../service/start-service';
import { ZodAnswers, ZodBody, ZodParam, ZodQuery } from '../validation/params';
import { buildOpenApi, serveOpenApi } from './openapi';

@Controller('api/v1/things')
class ThingsController {
  @Get()
  @ZodAnswers(z.object({ items: z.array(z.string()) }))
  list(
    @ZodQuery(z.object({ limit: z.coerce.number().int().default(5), q: z.string().optional() })) query: object,
  ): object {
    return query;
  }

  @Post(':id')
  create(
    @ZodParam('id', Id) id: string,
    @ZodBody(z.strictObject({ name: z.string().trim(), at: z.iso.datetime().nullable() })) body: object,
  ): object {
    return { id, body };
  }
}

@Controller('internal')
class InsideController {
  @Get('secret')
  secret(): string {
    return '';
  }
}

@Module({ controllers: [ThingsController, InsideController] })
class ThingsModule {}

test('documents what the zod schemas say, public routes only, and serves it', async () => {
  const service = await startService(
    {
      name: 'things',
      modules: () => [ThingsModule],
      prepare: (app) => serveOpenApi(app, buildOpenApi(app, 'Things')),
      logTo: { write: () => undefined },
    },
    loadConfig({ PORT: '0', HUILIU_MASTER_KEY: Buffer.alloc(32, 1).toString('base64') }),
  );
  try {
    const document = (await (await fetch(`${service.url}/api/docs-json`)).json()) as {
      paths: Record<string, Record<string, Record<string, unknown>>>;
    };
    expect(Object.keys(document.paths)).toEqual(['/api/v1/things', '/api/v1/things/{id}']);
    expect(document.paths['/api/v1/things']?.['get']).toMatchObject({
      parameters: [
        { name: 'limit', in: 'query', required: false, schema: { type: 'integer', default: 5 } },
        { name: 'q', in: 'query', required: false, schema: { type: 'string' } },
      ],
      responses: {
        200: { content: { 'application/json': { schema: { properties: { items: { type: 'array' } } } } } },
        default: { content: {} },
      },
    });
    expect(document.paths['/api/v1/things/{id}']?.['post']).toMatchObject({
      parameters: [{ name: 'id', in: 'path', required: true, schema: { pattern: expect.any(String) } }],
      requestBody: {
        content: {
          'application/json': {
            schema: { properties: { name: { type: 'string' }, at: { nullable: true } }, additionalProperties: false },
          },
        },
      },
    });
    const page = await fetch(`${service.url}/api/docs`);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(await page.text()).toContain('swagger-ui');
  } finally {
    await service.stop();
  }
});
