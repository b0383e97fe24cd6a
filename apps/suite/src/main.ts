import 'reflect-metadata';
import { BusModule, BusServer, busSchemas } from '@huiliu/bus';
import { connectorSchema } from '@huiliu/connector-kit';
import { runService, serveOpenApi } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { inboxOpenApi } from '../../inbox/src/openapi/inbox-openapi';
import { INBOX_SCHEMA } from '../../inbox/src/schema';
import { ROUTING_SCHEMA } from '../../routing/src/schema';
import { SuiteModule } from './suite.module';
import { welcome } from '../../inbox/src/demo/welcome';

void runService({
  name: 'suite',
  modules: (config) => [
    StorageModule.forRoot({
      prefix: 'suite',
      schemas: [
        INBOX_SCHEMA,
        ROUTING_SCHEMA,
        ...['connector_webchat', 'connector_wechat', 'connector_weibo', 'connector_email'].map(connectorSchema),
        ...busSchemas(config, 'suite'),
      ],
    }),
    BusModule.forRoot(),
    SuiteModule.forConfig(config),
  ],
  strategy: (app) => app.get(BusServer),
  prepare: (app) => serveOpenApi(app, inboxOpenApi(app)),
  onReady: welcome,
});
