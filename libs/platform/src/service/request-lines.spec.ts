import { Controller, Get, Logger, Module, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { loadConfig } from '../config/load-config';
import { runNow, scopeOf } from '../trace/trace';
import { startService } from './start-service';

@Controller()
class FailingController {
  private readonly logger = new Logger('Failing');

  @Get('follows')
  async follows(): Promise<never> {
    await new Promise(setImmediate);
    this.logger.warn('about to fail');
    throw new Error('as it must');
  }

  @Get('by-hand')
  @RouteConfig({ handsScopeOn: true })
  async byHand(@Req() request: FastifyRequest): Promise<never> {
    await new Promise(setImmediate);
    runNow(scopeOf(request), () => this.logger.warn('about to fail'));
    throw new Error('as it must');
  }
}

@Module({ controllers: [FailingController] })
class FailingModule {}

test('lines about a request name it and its trace, whether its scope follows or is handed on by hand', async () => {
  const lines: string[] = [];
  const service = await startService(
    { name: 'failing', modules: () => [FailingModule], logTo: { write: (line) => void lines.push(line) } },
    loadConfig({ PORT: '0', HUILIU_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'), RATE_LIMITS: 'off' }),
  );
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const ask = (path: string): Promise<Response> =>
    fetch(`${service.url}/${path}`, { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
  const answers = await Promise.all(['follows', 'by-hand'].map(ask));
  await service.stop();
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const answer of answers) {
    expect(answer.status).toBe(500);
    const requestId = answer.headers.get('x-request-id');
    expect(told.filter((line) => line['requestId'] === requestId)).toEqual(
      ['about to fail', 'request failed'].map((msg) => expect.objectContaining({ msg, traceId }) as unknown),
    );
  }
});
