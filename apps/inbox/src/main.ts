import 'reflect-metadata';
import { BusModule, BusServer, busSchemas } from '@huiliu/bus';
import { runService, serveOpenApi } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { welcome } from './demo/welcome';
import { InboxModule } from './inbox.module';
import { inboxOpenApi } from './openapi/inbox-openapi';
import { INBOX_SCHEMA } from './schema';

void runService({
  name: 'inbox',
  modules: (config) => [
    StorageModule.forRoot({ prefix: 'inbox', schemas: [INBOX_SCHEMA, ...busSchemas(config, 'inbox')] }),
    BusModule.forRoot(),
    InboxModule,
  ],
  strategy: (app) => app.get(BusServer),
  prepare: (app) => serveOpenApi(app, inboxOpenApi(app)),
  onReady: welcome,
});
