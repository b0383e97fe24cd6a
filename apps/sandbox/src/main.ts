import 'reflect-metadata';
import { BusModule, busSchemas, BusServer } from '@huiliu/bus';
import { runService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { SandboxModule } from './sandbox.module';

void runService({
  name: 'sandbox',
  modules: (config) => [
    StorageModule.forRoot({ prefix: 'sandbox', schemas: busSchemas(config, 'sandbox') }),
    BusModule.forRoot(),
    SandboxModule,
  ],
  strategy: (app) => app.get(BusServer),
});
