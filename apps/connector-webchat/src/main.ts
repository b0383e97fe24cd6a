import 'reflect-metadata';
import { BusModule, BusServer, busSchemas } from '@huiliu/bus';
import { connectorSchema } from '@huiliu/connector-kit';
import { runService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { ConnectorWebchatModule } from './connector-webchat.module';

const PREFIX = 'connector_webchat';

void runService({
  name: 'connector-webchat',
  modules: (config) => [
    StorageModule.forRoot({ prefix: PREFIX, schemas: [connectorSchema(PREFIX), ...busSchemas(config, PREFIX)] }),
    BusModule.forRoot(),
    ConnectorWebchatModule,
  ],
  strategy: (app) => app.get(BusServer),
});
