import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';
import { Config } from '../config/config';
import { unauthorized } from '../errors/app-error';
import { isLoopback } from '../http/client-address';
import { Metrics } from '../metrics/metrics';
import { HealthRegistry, type Readiness } from './health-registry';

/** Probes and metrics, the same in every process. */
@ApiExcludeController()
@Controller()
export class HealthController {
  constructor(
    @Inject(HealthRegistry) private readonly health: HealthRegistry,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(Config) private readonly config: Config,
  ) {}

  /** 200 as long as the process answers at all. */
  @Get('healthz')
  alive(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 200 when every part is ready to do its work, else 503 with what is wrong. */
  @Get('readyz')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<{ status: 'ok' } | Readiness> {
    const readiness = await this.health.readiness();
    if (readiness.status === 'ok') return { status: 'ok' };
    reply.status(503).header('retry-after', '5');
    return readiness;
  }

  /** For loopback, or with the token. */
  @Get('metrics')
  async measure(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    if (!isLoopback(request) && !this.hasToken(request.headers.authorization))
      throw unauthorized('metrics need the token');
    const { type, body } = await this.metrics.text();
    reply.type(type);
    return body;
  }

  private hasToken(authorization: string | undefined): boolean {
    if (this.config.metricsToken === null || authorization === undefined) return false;
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(authorization), digest(`Bearer ${this.config.metricsToken}`));
  }
}
