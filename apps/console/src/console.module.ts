import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { webFolder } from '@huiliu/platform';
import { serveConsole } from './serve-console';

/** The agents' page, as built into `dist/web/console`. */
@Module({})
export class ConsoleModule implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    serveConsole(this.host.httpAdapter.getInstance<FastifyInstance>(), webFolder('console'));
  }
}
