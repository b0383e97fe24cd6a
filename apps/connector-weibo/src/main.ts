import 'reflect-metadata';
import { BusModule, BusServer, busSchemas } from '@huiliu/bus';
import { connectorSchema } from '@huiliu/connector-kit';
import { runService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { ConnectorWeiboModule } from './connector-weibo.module';

const PREFIX = 'connector_weibo';

void runService({
  name: 'connector-weibo',
  modules: (config) => [
    // Ready as long as the spool can take more, whatever becomes of the bus and the database meanwhile.
    StorageModule.forRoot({
      prefix: PREFIX,
      schemas: [connectorSchema(PREFIX), ...busSchemas(config, PREFIX)],
      probe: false,
    }),
    BusModule.forRoot({ probe: false }),
    ConnectorWeiboModule,
  ],
  strategy: (app) => app.get(BusServer),
});
