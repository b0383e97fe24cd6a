import 'reflect-metadata';
import { BusModule, BusServer, busSchemas } from '@huiliu/bus';
import { connectorSchema } from '@huiliu/connector-kit';
import { runService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { ConnectorWechatModule } from './connector-wechat.module';

const PREFIX = 'connector_wechat';

void runService({
  name: 'connector-wechat',
  modules: (config) => [
    // Ready as long as the spool can take more, whatever becomes of the bus and the database meanwhile.
    StorageModule.forRoot({
      prefix: PREFIX,
      schemas: [connectorSchema(PREFIX), ...busSchemas(config, PREFIX)],
      probe: false,
    }),
    BusModule.forRoot({ probe: false }),
    ConnectorWechatModule,
  ],
  strategy: (app) => app.get(BusServer),
});
