import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { servePages, webFolder } from '@huiliu/platform';
import { MailController } from './mail/mail.controller';
import { MailServer } from './mail/mail-server';
import { PlatformRoutes } from './platforms/platform-routes';
import { PlatformsController } from './platforms/platforms.controller';
import { PlayedAccounts } from './platforms/played-accounts';
import { SandboxAccounts } from './sandbox-accounts';
import { SandboxController } from './sandbox.controller';

/** Plays the platforms' side; its pages let a person play the customer. */
@Module({
  controllers: [SandboxController, PlatformsController, MailController],
  providers: [SandboxAccounts, PlayedAccounts, PlatformRoutes, MailServer],
})
export class SandboxModule implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    servePages(this.host.httpAdapter.getInstance<FastifyInstance>(), {
      prefix: '/sandbox',
      folder: webFolder('sandbox'),
      singlePage: false,
      leave: (path) => /^\/sandbox\/(api|platform)\//.test(path),
    });
  }
}
