import { Catch, type ArgumentsHost, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError, type Observable } from 'rxjs';
import { runNow, scopeOf } from '../trace/trace';
import { answerOf } from './answer';

/** Answers every exception of a controller in the one error shape; hands those of event handlers on unchanged, for the bus to judge. */
@Catch()
export class AllExceptionsFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(exception: unknown, host: ArgumentsHost): Observable<never> | void {
    if (host.getType() !== 'http') return throwError(() => exception);
    const http = host.switchToHttp();
    sendError(http.getResponse<FastifyReply>(), exception, (status) => {
      const request = http.getRequest<FastifyRequest>();
      runNow(scopeOf(request), () =>
        this.logger.error(
          { err: exception, status, method: request.method, route: request.routeOptions?.url },
          'request failed',
        ),
      );
    });
  }
}

/** Writes the answer to an error; `unexpected` is told of those that are ours. */
export function sendError(reply: FastifyReply, error: unknown, unexpected: (status: number) => void): void {
  const answer = answerOf(error);
  if (!answer.expected) unexpected(answer.status);
  // A handler that streams has already answered: all that is left is to break off, so that nobody takes it for complete.
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  // Fastify would close the connection on a body that it did not read to the end, and the answer could be lost with it; Node reads the
  // rest and throws it away, for as long as a request may take.
  if (answer.status === 413 || answer.status === 415) reply.removeHeader('connection');
  // What a failed handler meant to send says nothing about the error.
  for (const name of ['content-length', 'content-disposition', 'content-encoding', 'etag', 'last-modified'])
    reply.removeHeader(name);
  void reply
    .status(answer.status)
    .headers(answer.headers)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(answer.body));
}
