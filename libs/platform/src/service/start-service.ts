import { type DynamicModule, type INestApplication, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from 'nestjs-pino';
import { type AddressInfo, Server } from 'node:net';
import type { DestinationStream } from 'pino';
import type { Config } from '../config/config';
import { AllExceptionsFilter } from '../errors/exception-filter';
import { HealthRegistry } from '../health/health-registry';
import { ServiceAdapter } from '../http/fastify-adapter';
import { RateLimits } from '../limits/rate-limits';
import { createLogger, FrameworkLogger } from '../logging/logging';
import { Metrics } from '../metrics/metrics';
import { PlatformModule } from '../platform.module';
import { UpgradeRouter } from '../upgrade/upgrade-router';

export interface ServiceOptions {
  readonly name: string;
  readonly version?: string;
  readonly modules: (config: Config) => (DynamicModule | Type<unknown>)[];
  /** The bus server that feeds this app's event handlers. */
  readonly strategy?: (app: INestApplication) => CustomTransportStrategy;
  /** Before anything listens: to add documentation pages and the like. */
  readonly prepare?: (app: NestFastifyApplication, config: Config) => void | Promise<void>;
  /** Once it listens and works; `/readyz` waits for it. */
  readonly onReady?: (app: NestFastifyApplication, config: Config) => void | Promise<void>;
  /** Where log lines go; standard output unless said otherwise. */
  readonly logTo?: DestinationStream;
}

/** A started app. */
export interface RunningService {
  readonly app: NestFastifyApplication;
  readonly config: Config;
  /** Where it answers, e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly port: number;
  /** Stops in order, once: takes nothing new, closes sockets, drains the bus, closes the rest. */
  stop(): Promise<void>;
}

/** The bus has what is left of ten seconds. */
const SOCKETS_MS = 1_000;
const REQUESTS_MS = 2_000;
/** A connection on which nothing comes for so long is ended. */
const SILENT_MS = 250;

@Module({})
class ServiceRoot {}

/** Starts an app in this process without touching its signals: what `runService` does, and what tests use. */
export async function startService(options: ServiceOptions, config: Config): Promise<RunningService> {
  const state = { started: false, stopping: false };
  const pino = createLogger(options.name, config, options.logTo);
  let limits: RateLimits | undefined;
  let upgrades: UpgradeRouter | undefined;
  let answered: ((request: FastifyRequest, reply: FastifyReply) => void) | undefined;
  const adapter = new ServiceAdapter({
    config,
    limits: () => limits!,
    upgrades: (path) => upgrades!.knows(path),
    stopping: () => state.stopping,
    onUnexpected: (err, request, status) =>
      pino.error({ err, status, method: request.method, route: request.routeOptions?.url }, 'request failed'),
    onAnswered: (request, reply) => answered?.(request, reply),
  });
  const root: DynamicModule = {
    module: ServiceRoot,
    imports: [PlatformModule.forRoot(config, pino), ...options.modules(config)],
  };
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    bufferLogs: true,
    bodyParser: false,
    abortOnError: false,
  });
  try {
    app.useLogger(new FrameworkLogger(app.get(Logger)));
    app.useGlobalFilters(new AllExceptionsFilter());
    limits = app.get(RateLimits);
    const router = app.get(UpgradeRouter);
    upgrades = router;
    answered = observer(app.get(Metrics), app.get(Logger), () => pino.isLevelEnabled('debug'));
    app.get(HealthRegistry).add('lifecycle', () => (state.stopping ? 'stopping' : state.started ? null : 'starting'));
    router.attach(app.getHttpServer());
    await options.prepare?.(app, config);
    if (options.strategy !== undefined)
      app.connectMicroservice({ strategy: options.strategy(app) }, { inheritAppConfig: true });
    await app.init();
    await app.startAllMicroservices();
    await app.listen(config.port, config.host);
    const { port } = app.getHttpServer().address() as AddressInfo;
    config.listensOn(port);
    await options.onReady?.(app, config);
    state.started = true;
    pino.info(
      { url: config.ownUrl, version: options.version, bus: config.bus, production: config.production },
      'ready',
    );
  } catch (error) {
    state.stopping = true;
    await close(app, upgrades).catch(() => undefined);
    throw error;
  }
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    state.stopping = true;
    return (stopped ??= close(app, upgrades));
  };
  return { app, config, url: config.ownUrl, port: Number(new URL(config.ownUrl).port || 80), stop };
}

/** Takes no new connection, ends sockets, lets what is under way finish, drains the bus while the database still stands, then closes. */
async function close(app: NestFastifyApplication, upgrades: UpgradeRouter | undefined): Promise<void> {
  const server = app.getHttpServer();
  // Not the HTTP server's own `close`: it would end connections on which a request is just arriving. Each ends with its next answer.
  const ended = new Promise<void>((resolve) => void Server.prototype.close.call(server, () => resolve()));
  // Not in the timer itself, but once what has come meanwhile has been read.
  const silent = setTimeout(() => setImmediate(() => server.closeIdleConnections()), SILENT_MS);
  await Promise.all([upgrades?.close(SOCKETS_MS), within(REQUESTS_MS, ended, () => server.closeAllConnections())]);
  clearTimeout(silent);
  for (const microservice of app.getMicroservices()) {
    // Marked first, as Nest does it: closing one would otherwise close the whole container with it.
    (microservice as unknown as { setIsTerminated(value: boolean): void }).setIsTerminated(true);
    await microservice.close();
  }
  await app.close();
}

async function within(ms: number, work: Promise<void>, late: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      late();
      resolve();
    }, ms);
  });
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}

/** Measures every request, and tells of it at `debug` (probes and metrics excepted). */
function observer(
  metrics: Metrics,
  logger: Logger,
  isTold: () => boolean,
): (request: FastifyRequest, reply: FastifyReply) => void {
  const seconds = metrics.histogram(
    'huiliu_http_request_duration_seconds',
    'How long requests took, by route.',
    ['method', 'route', 'status'],
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  );
  return (request, reply) => {
    const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
    if (/^\/(healthz|readyz|metrics)$/.test(route)) return;
    seconds.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
    if (!isTold()) return;
    logger.debug(
      { method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'request',
      'Http',
    );
  };
}
