import type { DynamicModule, LoggerService, LogLevel as NestLevel } from '@nestjs/common';
import { Logger, LoggerModule } from 'nestjs-pino';
import { destination as fileStream, type DestinationStream, type Logger as PinoInstance, pino } from 'pino';
import type { Config } from '../config/config';
import { logScope } from '../trace/trace';
import { loggedError, scrubLine } from './scrub';

const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'ticket',
  'masterKey',
  'config',
  'body',
  'text',
  'content',
];

const SERIALIZERS = {
  err: (error: unknown) => loggedError(error),
  error: (error: unknown) => loggedError(error),
  req: () => undefined,
  res: () => undefined,
};

/** So much is kept of what standard output does not take. */
const KEPT_BYTES = 1 << 20;

/** Standard output, every line scrubbed. A full disk (or a reader that is gone) costs lines, not the process; it goes on when there is room. */
function standardOutput(): DestinationStream {
  const out = fileStream({ fd: 1, sync: true, maxLength: KEPT_BYTES });
  out.on('error', () => undefined);
  return { write: (line) => void out.write(scrubLine(line)) };
}

/** JSON lines, without secrets, bodies or message text. */
export function createLogger(
  service: string,
  config: Pick<Config, 'logLevel'>,
  destination: DestinationStream = standardOutput(),
): PinoInstance {
  return pino(
    {
      level: config.logLevel,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers: SERIALIZERS,
      mixin: logScope,
      redact: {
        paths: [...SECRETS, ...SECRETS.map((name) => `*.${name}`), ...SECRETS.map((name) => `*.*.${name}`)],
        censor: '…',
      },
    },
    destination,
  );
}

/** `Logger` and `PinoLogger` of nestjs-pino on our logger. Requests are logged by our own hook, at `debug`. */
export function loggerModule(logger: PinoInstance): DynamicModule {
  return LoggerModule.forRoot({
    pinoHttp: { logger, autoLogging: false, wrapSerializers: false, serializers: SERIALIZERS },
    forRoutes: [],
  });
}

/** Nest tells every module and route at start: that is for `debug`. */
const CHATTY = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'NestMicroservice',
  'LegacyRouteConverter',
  'Server',
]);

/** Hands Nest's own lines to our logger, the chatter of its start at `debug`. */
export class FrameworkLogger implements LoggerService {
  constructor(private readonly inner: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    if (CHATTY.has(String(rest.at(-1)))) this.inner.debug(message, ...rest);
    else this.inner.log(message, ...rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.inner.error(message, ...rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.inner.warn(message, ...rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.inner.debug(message, ...rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.inner.verbose(message, ...rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.inner.fatal(message, ...rest);
  }

  setLogLevels(_levels: NestLevel[]): void {
    // The level is the configuration's.
  }
}
