import type { Type } from '@nestjs/common';
import { BusModule, busSchemas, BusServer } from '@huiliu/bus';
import { runService } from '@huiliu/platform';
import { StorageModule } from '@huiliu/storage';
import { connectorPrefix } from './host-options';
import { connectorSchema } from './schema';

/**
 * A connector app as a process of its own: its tables, the bus and its module. It is ready as long as its spool can take more, whatever
 * becomes of the bus and the database meanwhile; `needsBoth`: one that nobody pushes to has nothing to take without them.
 */
export async function runConnector(
  app: string,
  module: Type<unknown>,
  { needsBoth = false }: { readonly needsBoth?: boolean } = {},
): Promise<void> {
  const prefix = connectorPrefix(app);
  await runService({
    name: app,
    modules: (config) => [
      StorageModule.forRoot({
        prefix,
        schemas: [connectorSchema(prefix), ...busSchemas(config, prefix)],
        probe: needsBoth,
      }),
      BusModule.forRoot({ probe: needsBoth }),
      module,
    ],
    strategy: (running) => running.get(BusServer),
  });
}
