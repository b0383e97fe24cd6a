import { FastifyAdapter } from '@nestjs/platform-fastify';
import multipart, { type FastifyMultipartOptions } from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '../config/config';
import { errorBody } from '../errors/answer';
import { AppError, notFound, tooLarge, tooMany, unavailable, unsupportedMediaType } from '../errors/app-error';
import { sendError } from '../errors/exception-filter';
import { newId } from '../ids';
import type { RateLimits } from '../limits/rate-limits';
import { keepScope, newTraceparent, openScope, readTraceparent, runNow, scopeOf } from '../trace/trace';
import { clientAddress, rateKeyOf } from './client-address';
import { GLOBAL_RATE, isUnlimited } from './global-rate';
import { joinAnswers } from './joined-answers';
import { registerBodies } from './json-body';
import { KnownRoutes } from './routes-known';
import { secureHeaders } from './security-headers';

/** The largest JSON or webhook body. */
export const BODY_LIMIT = 1024 * 1024;
/** The largest uploaded file. */
export const UPLOAD_LIMIT = 20 * 1024 * 1024;
/** What a multipart body may have around its file. */
const UPLOAD_FRAME = 64 * 1024;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes the body as a stream, whatever its size and type (proxies). */
    streamsBody?: boolean;
    /** The route takes a file as multipart, as those do whose path ends with `/attachments`. */
    takesFiles?: boolean;
    /** The route's handler hands the request's scope on by itself (`scopeOf`, `runNow`): nothing is watched for it. */
    handsScopeOn?: boolean;
  }
}

/** What the HTTP layer needs to know of the process around it. */
export interface HttpEnvironment {
  readonly config: Config;
  readonly limits: () => RateLimits;
  /** True for paths on which WebSockets are spoken. */
  readonly upgrades: (path: string) => boolean;
  readonly stopping: () => boolean;
  readonly onUnexpected: (error: unknown, request: FastifyRequest, status: number) => void;
  readonly onAnswered: (request: FastifyRequest, reply: FastifyReply) => void;
}

/** Nest's Fastify adapter with our HTTP rules: limits, refusals and errors are the same on every route, known or not. */
export class ServiceAdapter extends FastifyAdapter {
  private readonly routes = new KnownRoutes();

  constructor(private readonly environment: HttpEnvironment) {
    super({
      logger: false,
      bodyLimit: BODY_LIMIT,
      requestTimeout: 120_000,
      connectionTimeout: 120_000,
      keepAliveTimeout: 72_000,
      http: { headersTimeout: 20_000, connectionsCheckingInterval: 5_000 },
      return503OnClosing: false,
      routerOptions: {
        maxParamLength: 512,
        caseSensitive: true,
        ignoreTrailingSlash: false,
        ignoreDuplicateSlashes: false,
      },
      genReqId: (request: { headers: Record<string, unknown>; socket: { remoteAddress?: string } }) =>
        requestIdOf(request, environment.config),
      frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
        secureHeaders(reply);
        answerError(environment, error, request, reply);
      },
      clientErrorHandler: answerBrokenRequest,
      // Nest types its requests with generics of its own; the object is the same.
    } as never);
    const fastify = this.fastify();
    /** The request that came last on each connection. */
    const newest = new WeakMap<Socket, IncomingMessage>();
    fastify.addHook('onRoute', (route) => this.routes.add(route.url, route.method));
    fastify.addHook('onRequest', (request, reply, done) => {
      const scope = {
        traceparent: readTraceparent(request.headers['traceparent']) ?? newTraceparent(),
        requestId: request.id,
      };
      keepScope(request, scope);
      newest.set(request.raw.socket, request.raw);
      // Only where requests come in one line is one read before the answer before it has left: it has no socket yet.
      if (reply.raw.socket === null) joinAnswers(request.raw.socket);
      reply.header('x-request-id', request.id);
      const go = (): void => done(this.refusal(request, reply) ?? undefined);
      if (request.routeOptions.config.handsScopeOn === true) runNow(scope, go);
      else openScope(scope, (leave) => void reply.raw.once('close', leave), go);
    });
    // Behind everyone's `onRequest`: a page of another site must be able to read what is refused here.
    fastify.addHook('preParsing', (request, _reply, payload, done) => done(bodyRefusal(request), payload));
    fastify.addHook('onSend', (request, reply, payload, done) => {
      secureHeaders(reply);
      // The last answer on a connection ends it: those to what came before are still to follow each other.
      if (environment.stopping() && newest.get(request.raw.socket) === request.raw) reply.header('connection', 'close');
      done(null, payload);
    });
    fastify.addHook('onResponse', (request, reply, done) => {
      runNow(scopeOf(request), () => environment.onAnswered(request, reply));
      done();
    });
    registerBodies(fastify, BODY_LIMIT);
    void fastify.register(multipartForFiles, {
      limits: {
        fileSize: UPLOAD_LIMIT,
        files: 1,
        fields: 20,
        parts: 25,
        fieldSize: 64 * 1024,
        fieldNameSize: 128,
        headerPairs: 50,
      },
    });
  }

  /** Nest's own handlers are not used: what they would answer is not in our shape. */
  override setErrorHandler(_handler: unknown): ReturnType<FastifyAdapter['setErrorHandler']> {
    this.fastify().setErrorHandler((error, request, reply) => answerError(this.environment, error, request, reply));
    return this.getInstance();
  }

  override setNotFoundHandler(_handler: unknown): ReturnType<FastifyAdapter['setNotFoundHandler']> {
    this.fastify().setNotFoundHandler((request, reply) => {
      sendError(reply, this.unknownPath(request, reply), () => undefined);
    });
    return this.getInstance();
  }

  private fastify(): FastifyInstance {
    // The same object, typed without Nest's own generics.
    const instance: unknown = this.getInstance();
    return instance as FastifyInstance;
  }

  /** Why a request goes no further, whatever its body; null when it may. */
  private refusal(request: FastifyRequest, reply: FastifyReply): AppError | null {
    const { config } = this.environment;
    const path = pathOf(request);
    if (this.environment.stopping()) return unavailable('stopping', 5);
    if (!isUnlimited(path)) {
      const wait = this.environment
        .limits()
        .take(GLOBAL_RATE.bucket, rateKeyOf(clientAddress(request, config)), GLOBAL_RATE);
      if (wait > 0) return tooMany(wait);
    }
    return request.is404 ? this.unknownPath(request, reply) : null;
  }

  private unknownPath(request: FastifyRequest, reply: FastifyReply): AppError {
    const path = pathOf(request);
    const methods = this.routes.methodsOf(path);
    if (methods.length > 0 && !methods.includes(request.method)) {
      reply.header('allow', methods.join(', '));
      return new AppError(405, 'method_not_allowed', 'method not allowed');
    }
    if (this.environment.upgrades(path)) {
      reply.header('upgrade', 'websocket');
      return new AppError(426, 'upgrade_required', 'only WebSocket is spoken here');
    }
    return notFound();
  }
}

function answerError(
  { onUnexpected }: HttpEnvironment,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  sendError(reply, error, (status) => runNow(scopeOf(request), () => onUnexpected(error, request, status)));
}

/** Why a body is refused before a byte of it is read; null when it is not. */
function bodyRefusal(request: FastifyRequest): AppError | null {
  const route = request.routeOptions;
  // Webhooks look their account up first: 404 comes before 413 and 415 there, and they say all of it themselves.
  if (route.config.streamsBody === true || route.url?.startsWith('/webhooks/')) return null;
  const multipart = /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '');
  if (multipart && !takesFiles(request)) return unsupportedMediaType();
  const limit = multipart ? UPLOAD_LIMIT + UPLOAD_FRAME : (route.bodyLimit ?? BODY_LIMIT);
  return Number(request.headers['content-length'] ?? 0) > limit ? tooLarge(multipart ? UPLOAD_LIMIT : limit) : null;
}

function takesFiles({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.takesFiles === true || routeOptions.url?.endsWith('/attachments') === true;
}

type AsyncHook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** The upload parser. Its own hooks clear away what an upload leaves; elsewhere they would cost every request two promises. */
const multipartForFiles = Object.assign(
  (fastify: FastifyInstance, options: FastifyMultipartOptions, done: (error?: Error) => void): void => {
    const addHook = (name: 'onRequest' | 'onResponse', hook: AsyncHook): FastifyInstance =>
      fastify.addHook(name, (request: FastifyRequest, reply: FastifyReply, next: (error?: Error) => void) => {
        if (takesFiles(request)) hook(request, reply).then(() => next(), next);
        else next();
      });
    multipart(Object.create(fastify, { addHook: { value: addHook } }) as FastifyInstance, options, done);
  },
  // For all routes, not for those of a scope of its own (Fastify, “Plugins”).
  { [Symbol.for('skip-override')]: true },
);

function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').split(/[?#]/, 1)[0]!;
}

/** A proxy of ours hands its id on, so that one request has one id. */
function requestIdOf(
  request: { headers: Record<string, unknown>; socket: { remoteAddress?: string } },
  config: Config,
): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' &&
    /^[A-Za-z0-9_-]{8,64}$/.test(given) &&
    config.trusts(request.socket.remoteAddress ?? '')
    ? given
    : newId();
}

/** What is not even HTTP gets the same shape, straight onto the socket. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [line, body] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', errorBody('headers_too_large', 'the headers are too large')]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', errorBody('timeout', 'the request took too long')]
        : ['400 Bad Request', errorBody('malformed', 'this is not an HTTP request')];
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${line}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n${text}`,
    () => socket.destroy(),
  );
}
