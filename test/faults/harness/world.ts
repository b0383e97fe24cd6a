import { startDistributed, startSuite, type System } from '@huiliu/testing';
import { Stage } from '../../e2e/stage';
import { FaultProxy } from './proxy';
import { mysqlRows, sqliteRows, type Rows } from './rows';
import { Service } from './service';

export type Mode = 'embedded' | 'distributed';

/** A service that the apps reach only through a network of ours. */
export interface Behind {
  readonly service: Service;
  readonly network: FaultProxy;
}

/** The product, running, with everything around it in our hands. */
export interface World {
  readonly mode: Mode;
  readonly system: System;
  readonly stage: Stage;
  readonly rows: Rows;
  /** To be done before the product is stopped: what the test itself holds open. */
  atEnd(end: () => Promise<void>): void;
  stop(): Promise<void>;
}

export interface DistributedWorld extends World {
  readonly system: Awaited<ReturnType<typeof startDistributed>>;
  readonly broker: Behind;
  readonly database: Behind;
}

/** What is to be ended, the last begun first; all of it, whatever fails. */
class Ends {
  private ends: (() => Promise<void>)[] = [];

  add(end: () => Promise<void>): void {
    this.ends.push(end);
  }

  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.ends.splice(0).reverse()) await end().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

/** What this run breaks on purpose (`npm run faults -- --prove`) is broken in the product's processes too. */
const broken = (): Record<string, string> =>
  process.env.HUILIU_BREAK ? { HUILIU_BREAK: process.env.HUILIU_BREAK } : {};

/** One process, embedded bus, SQLite. */
export async function embeddedWorld(
  env: Readonly<Record<string, string>> = {},
  options: { readonly logFile?: string } = {},
): Promise<World> {
  const ends = new Ends();
  const system = await startSuite({ ...options, env: { ...broken(), ...env } });
  ends.add(() => system.stop());
  return {
    mode: 'embedded',
    system,
    stage: await Stage.on(system),
    rows: sqliteRows(system.dataFolder),
    atEnd: (end) => ends.add(end),
    stop: () => ends.run(),
  };
}

/** A process per app, on a Kafka and a MariaDB of its own behind proxies; `direct`: past them, where no test touches the network. */
export async function distributedWorld(
  env: Readonly<Record<string, string>> = {},
  options: { readonly direct?: boolean; readonly kafkaFolder?: string } = {},
): Promise<DistributedWorld> {
  const ends = new Ends();
  const behind = async (kind: 'kafka' | 'mysql'): Promise<Behind> => {
    const service = await Service.start(kind, kind === 'kafka' ? options.kafkaFolder : undefined);
    ends.add(() => service.release());
    const network = await FaultProxy.start(service.address, { kafka: kind === 'kafka' });
    ends.add(() => network.stop());
    return { service, network };
  };
  try {
    const [broker, database] = [await behind('kafka'), await behind('mysql')];
    const databaseUrl = new URL(database.service.given);
    if (!options.direct) databaseUrl.host = database.network.address;
    const system = await startDistributed({
      env: { ...broken(), ...env },
      services: {
        brokers: options.direct ? broker.service.given : broker.network.address,
        databaseUrl: databaseUrl.href,
      },
    });
    ends.add(() => system.stop());
    return {
      mode: 'distributed',
      system,
      stage: await Stage.on(system),
      rows: mysqlRows(database.service.given),
      broker,
      database,
      atEnd: (end) => ends.add(end),
      stop: () => ends.run(),
    };
  } catch (error) {
    await ends.run();
    throw error;
  }
}
