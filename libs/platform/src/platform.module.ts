import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger as PinoInstance } from 'pino';
import { Config } from './config/config';
import { HealthRegistry } from './health/health-registry';
import { HealthController } from './health/health.controller';
import { RateLimits } from './limits/rate-limits';
import { loggerModule } from './logging/logging';
import { Metrics } from './metrics/metrics';
import { InternalAuth, InternalGuard } from './secrets/internal-auth';
import { SecretBox } from './secrets/secret-box';
import { UpgradeRouter } from './upgrade/upgrade-router';

const SHARED = [HealthRegistry, Metrics, SecretBox, InternalAuth, InternalGuard, RateLimits, UpgradeRouter];

/** What every app has at hand. `runService` puts it in; nobody else imports it. */
@Module({})
export class PlatformModule {
  static forRoot(config: Config, logger: PinoInstance): DynamicModule {
    const configProvider = { provide: Config, useValue: config };
    return {
      module: PlatformModule,
      global: true,
      imports: [loggerModule(logger)],
      controllers: [HealthController],
      providers: [configProvider, ...SHARED],
      exports: [configProvider, ...SHARED],
    };
  }
}
