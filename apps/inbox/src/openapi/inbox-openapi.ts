import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { MessageBus } from '@huiliu/bus';
import {
  buildOpenApi,
  Config,
  HealthRegistry,
  InternalAuth,
  Logger,
  Metrics,
  RateLimits,
  SecretBox,
  UpgradeRouter,
} from '@huiliu/platform';
import { Clock, Database, Leases, Outbox } from '@huiliu/storage';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InboxModule } from '../inbox.module';

const TITLE = 'Huiliu 汇流';

/** What the inbox is given by the process it runs in. */
const SURROUNDINGS = [
  Config,
  Logger,
  Metrics,
  HealthRegistry,
  SecretBox,
  UpgradeRouter,
  RateLimits,
  InternalAuth,
  MessageBus,
  Database,
  Clock,
  Leases,
  Outbox,
];

/** Stands for the process around the inbox where only its routes are looked at and nothing is made. */
@Module({})
class NoSurroundings {
  static forPreview(): DynamicModule {
    const providers = SURROUNDINGS.map((token) => ({ provide: token, useValue: null }));
    return { module: NoSurroundings, global: true, providers, exports: providers };
  }
}

/**
 * The document of the inbox's REST API, from its routes and the schemas of the contracts; `app` need not be started. Of an app that
 * holds more than the inbox it is the same.
 */
export function inboxOpenApi(app: INestApplication): OpenAPIObject {
  const document = buildOpenApi(app, TITLE);
  return {
    ...document,
    paths: Object.fromEntries(Object.entries(document.paths).filter(([path]) => path.startsWith('/api/'))),
  };
}

/** The same without a process: no database or bus is opened, no service is made. */
export async function buildInboxOpenApi(): Promise<OpenAPIObject> {
  const root: DynamicModule = { module: class Preview {}, imports: [NoSurroundings.forPreview(), InboxModule] };
  const app = await NestFactory.create(root, new FastifyAdapter(), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  return inboxOpenApi(app);
}

/** Writes the document as it is committed: the same routes always give the same bytes. */
export async function writeInboxOpenApi(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(await buildInboxOpenApi(), null, 2)}\n`);
}
