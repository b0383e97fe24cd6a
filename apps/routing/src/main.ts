import 'reflect-metadata';
import { BusModule, BusServer, busSchemas } from '@huiliu/bus';
import { runService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { RoutingModule } from './routing.module';
import { ROUTING_SCHEMA } from './schema';

void runService({
  name: 'routing',
  modules: (config) => [
    StorageModule.forRoot({ prefix: 'routing', schemas: [ROUTING_SCHEMA, ...busSchemas(config, 'routing')] }),
    BusModule.forRoot(),
    RoutingModule,
  ],
  strategy: (app) => app.get(BusServer),
});
