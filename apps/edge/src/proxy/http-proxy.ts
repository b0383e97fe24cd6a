import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { clientAddress, Config, currentTraceparent, runNow, scopeOf, unavailable } from '@huiliu/platform';
import { Upstreams } from '../upstreams/upstreams';
import { ANSWER_MS, NotConnected } from './asking';
import { answeredHeaders, endToEndOf, forwardedHeaders } from './headers';
import { PostLines, Unfit, type WholeAnswer } from './post-lines';
import { asksNobody, isVisitorPost, wholeBody } from './visitor-posts';

/** A kept connection that the app had closed: worth another try where asking twice changes nothing. */
class Stale extends Error {}

/** Hands requests on to an app and its answers back: bodies streamed both ways, what visitors write in one piece. */
@Injectable()
export class HttpProxy {
  constructor(
    private readonly upstreams: Upstreams,
    private readonly lines: PostLines,
    private readonly config: Config,
  ) {}

  /** Throws 503 when no process of the app answers. A process that cannot even be connected to is passed over. */
  async forward(app: string, sticky: string | null, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const body = isVisitorPost(request) ? await wholeBody(request.raw) : undefined;
    if (body === null) return void reply.hijack();
    const lined = body !== undefined && asksNobody(body);
    for (const origin of this.upstreams.candidates(app, sticky)) {
      try {
        const whole = lined ? await this.askInLine(origin, request, body) : null;
        if (whole !== null) return this.answerWhole(whole, request, reply);
        const answer = await this.ask(origin, request, body).catch((error: unknown) => {
          if (error instanceof Stale) return this.ask(origin, request, body);
          throw error;
        });
        if (answer === null) return void reply.hijack();
        return this.answer(answer, request, reply);
      } catch (error) {
        if (!(error instanceof NotConnected)) throw unavailable('this part does not answer right now', 2);
        this.upstreams.gone(origin);
      }
    }
    throw unavailable('this part is not running right now', 2);
  }

  /** Null for what can only be asked as everything else is. */
  private async askInLine(origin: string, request: FastifyRequest, body: Buffer): Promise<WholeAnswer | null> {
    try {
      return await this.lines.ask(origin, { path: request.raw.url ?? '/', headers: this.headersOf(request), body });
    } catch (error) {
      if (error instanceof Unfit) return null;
      throw error;
    }
  }

  private headersOf(request: FastifyRequest): Record<string, string | string[]> {
    return forwardedHeaders(request.raw, {
      address: clientAddress(request, this.config),
      requestId: request.id,
      traceparent: runNow(scopeOf(request), currentTraceparent),
    });
  }

  /** The app's answer; null when the client has gone meanwhile. A body that is not at hand is read only once the connection stands. */
  private ask(origin: string, request: FastifyRequest, body: Buffer | undefined): Promise<IncomingMessage | null> {
    const message = request.raw;
    return new Promise((resolve, reject) => {
      let connected = false;
      let answered = false;
      const upstream = httpRequest({
        ...this.upstreams.addressOf(origin),
        method: request.method,
        path: message.url,
        agent: this.upstreams.agent,
        timeout: ANSWER_MS,
        headers: this.headersOf(request),
      });
      const abandon = (): void => {
        if (!answered) upstream.destroy();
        resolve(null);
      };
      message.socket.once('close', abandon);
      upstream.on('timeout', () => upstream.destroy());
      upstream.on('error', (error) => {
        message.socket.off('close', abandon);
        message.unpipe(upstream);
        message.resume();
        if (!connected) reject(new NotConnected());
        else reject(upstream.reusedSocket && isSafe(message) ? new Stale() : error);
      });
      upstream.on('response', (response) => {
        answered = true;
        message.socket.off('close', abandon);
        // Answered before all was sent (too large, say): the rest is read and thrown away, and the connection is not used again.
        response.once('end', () => {
          if (message.complete) return;
          message.unpipe(upstream);
          message.resume();
          upstream.destroy();
        });
        resolve(response);
      });
      onConnected(upstream, () => {
        connected = true;
        sendBody(message, body, upstream);
      });
    });
  }

  /** In one write: of a short text Node sends head and body together. */
  private answerWhole({ status, headers, body }: WholeAnswer, request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    const said = endToEndOf(headers);
    said['x-request-id'] = request.id;
    if (status !== 204) said['content-length'] = body.length;
    reply.raw.writeHead(status, said).end(body.toString('latin1'), 'latin1');
  }

  private answer(answer: IncomingMessage, request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(answer.statusCode ?? 502, { ...answeredHeaders(answer), 'x-request-id': request.id });
    answer.pipe(raw);
    // Broken off on one side: the other must not take what it has for the whole.
    answer.on('aborted', () => raw.destroy());
    answer.on('error', () => raw.destroy());
    raw.on('close', () => answer.destroy());
  }
}

function isSafe(message: IncomingMessage): boolean {
  return (message.method === 'GET' || message.method === 'HEAD') && !hasBody(message);
}

function hasBody(message: IncomingMessage): boolean {
  return message.headers['content-length'] !== undefined || message.headers['transfer-encoding'] !== undefined;
}

function onConnected(upstream: ClientRequest, then: () => void): void {
  upstream.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', then);
    else then();
  });
}

/** Node decides by the headers how the body is framed: what came in chunks goes out in chunks, what had a length keeps it. */
function sendBody(message: IncomingMessage, body: Buffer | undefined, upstream: ClientRequest): void {
  if (body !== undefined) upstream.end(body);
  else if (hasBody(message)) message.pipe(upstream);
  else upstream.end();
}
