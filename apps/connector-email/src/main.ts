import 'reflect-metadata';
import { BusModule, BusServer, busSchemas } from '@huiliu/bus';
import { connectorSchema } from '@huiliu/connector-kit';
import { runService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { ConnectorEmailModule } from './connector-email.module';

const PREFIX = 'connector_email';

void runService({
  name: 'connector-email',
  modules: (config) => [
    StorageModule.forRoot({ prefix: PREFIX, schemas: [connectorSchema(PREFIX), ...busSchemas(config, PREFIX)] }),
    BusModule.forRoot(),
    ConnectorEmailModule,
  ],
  strategy: (app) => app.get(BusServer),
});
