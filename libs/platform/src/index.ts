export { breaks, type Breakage, dieIfArmed } from './breakage';
export * from './ids';
export {
  Config,
  type BusKind,
  type ConfigValues,
  type LogLevel,
  SANDBOX_MAIL_PASSWORD,
  type SandboxMail,
} from './config/config';
export { ConfigError, loadConfig, type LoadConfigOptions } from './config/load-config';
export { describeConfig } from './config/describe-config';
export { addressSet, plainAddress, rangesOf } from './config/addresses';
export {
  AppError,
  badRequest,
  conflict,
  forbidden,
  notFound,
  tooLarge,
  tooMany,
  unauthorized,
  unavailable,
  unsupportedMediaType,
} from './errors/app-error';
export { answerOf, errorBody, type ErrorAnswer } from './errors/answer';
export { passesWhere } from './errors/passing';
export { AllExceptionsFilter } from './errors/exception-filter';
export { parse, problemsOf, type Problem } from './validation/parse';
export { ZodAnswers, ZodBody, ZodParam, ZodQuery } from './validation/params';
export { buildOpenApi, serveOpenApi } from './openapi/openapi';
export { openApiOf, type OpenApiSchema } from './openapi/schemas';
export { HealthRegistry, type Probe, type Readiness } from './health/health-registry';
export { Metrics } from './metrics/metrics';
export { CannotOpen, SecretBox } from './secrets/secret-box';
export { InternalAuth, InternalGuard } from './secrets/internal-auth';
export { RateLimits, type Rate } from './limits/rate-limits';
export { Latest } from './limits/latest';
export { FrameLine, textFrame } from './upgrade/frame-line';
export { type AcceptOptions, type Upgrade, type UpgradeHandler, UpgradeRouter } from './upgrade/upgrade-router';
export { type Addressed, clientAddress, isLoopback, rateKeyOf } from './http/client-address';
export { BODY_LIMIT, UPLOAD_LIMIT } from './http/fastify-adapter';
export { DATA_CSP, PAGE_CSP } from './http/security-headers';
export { type PagesOptions, servePages, webFolder } from './http/pages';
export { readJson } from './http/json-body';
export {
  currentScope,
  currentTraceparent,
  newTraceparent,
  readTraceparent,
  runNow,
  runWithTrace,
  type Scope,
  scopeOf,
} from './trace/trace';
export { createLogger, FrameworkLogger } from './logging/logging';
export { loggedError, scrubLine } from './logging/scrub';
export { PlatformModule } from './platform.module';
export { startService, type RunningService, type ServiceOptions } from './service/start-service';
export { runService } from './service/run-service';
export { Logger } from 'nestjs-pino';
