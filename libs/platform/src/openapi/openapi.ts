import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ErrorBody } from '@huiliu/contracts';
import { openApiOf } from './schemas';

/** Only what people and programs outside may call: not our own processes' calls, probes or pages. */
const PUBLIC = /^\/(api|webchat|webhooks)\//;

/** The OpenAPI document of an app's public routes, in a stable order (it is committed). */
export function buildOpenApi(app: INestApplication, title: string): OpenAPIObject {
  const base = new DocumentBuilder().setTitle(title).setVersion('1').addBearerAuth().build();
  const document = SwaggerModule.createDocument(app, base, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  const failure = {
    description: 'Every error has this shape.',
    content: { 'application/json': { schema: openApiOf(ErrorBody, 'output') } },
  };
  const paths = Object.entries(document.paths)
    .filter(([path]) => PUBLIC.test(path))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, item]) => [path, withFailure(item as Record<string, unknown>, failure)]);
  return { ...document, paths: Object.fromEntries(paths) as OpenAPIObject['paths'] };
}

/** Serves a document: the page at `/api/docs`, the JSON at `/api/docs-json`. Before the app listens. */
export function serveOpenApi(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('api/docs', app, document, { jsonDocumentUrl: 'api/docs-json', raw: ['json'] });
}

function withFailure(item: Record<string, unknown>, failure: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item).map(([method, operation]) => {
      const { responses, ...rest } = operation as { responses?: object };
      return [method, { ...rest, responses: { ...responses, default: failure } }];
    }),
  );
}
