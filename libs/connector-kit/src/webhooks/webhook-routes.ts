import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, badRequest, BODY_LIMIT, notFound, tooLarge, unauthorized, unavailable } from '@huiliu/platform';
import { Clock } from '@huiliu/storage';
import { AccountDirectory } from '../accounts/account-directory';
import { WebhookRefusal } from '../contract/errors';
import { WebhookRequest } from '../contract/webhook';
import { EventGate } from '../inbound/event-gate';
import { RuntimeHost } from '../runtimes/runtime-host';

interface Params {
  readonly channel: string;
  readonly accountId: string;
}

/** The hosts of one server: in the suite every connector app is one, behind the same path. */
const hosts = new WeakMap<FastifyInstance, WebhookRoutes[]>();

/**
 * `/webhooks/<channel>/<accountId>`: the account is looked up before a byte is read, the size before the signature, the signature before
 * anything is parsed. Routes of their own in Fastify, since bodies are read there before any handler of Nest is asked.
 */
@Injectable()
export class WebhookRoutes implements OnModuleInit {
  private readonly logger = new Logger('Webhooks');

  constructor(
    @Inject(HttpAdapterHost) private readonly adapter: HttpAdapterHost,
    @Inject(AccountDirectory) private readonly directory: AccountDirectory,
    @Inject(RuntimeHost) private readonly host: RuntimeHost,
    @Inject(EventGate) private readonly gate: EventGate,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    const known = hosts.get(fastify);
    if (known !== undefined) known.push(this);
    else hosts.set(fastify, declareRoutes(fastify, [this]));
  }

  /** Whether the account is one of this host's; null while it cannot know. */
  serves({ channel, accountId }: Params): boolean | null {
    if (this.directory.find(channel, accountId) !== undefined) return true;
    return this.directory.isLoaded ? false : null;
  }

  async handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { channel, accountId } = request.params as Params;
    const account = this.directory.find(channel, accountId);
    if (account === undefined || account.connector.definition.ingress !== 'webhook') throw notFound('account');
    let running = this.host.get(accountId);
    if (running === undefined) {
      await this.host.settled();
      running = this.host.get(accountId);
    }
    // An account that cannot be started verifies nothing: the platform shall try again once it is mended.
    if (running?.runtime.handleWebhook === undefined) throw unavailable('the account is not at work', 30);
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const call = new WebhookRequest(
      request.method === 'GET' ? 'GET' : 'POST',
      queryOf(request),
      request.headers,
      body,
      this.clock.now(),
    );
    let outcome;
    try {
      outcome = await running.runtime.handleWebhook(call);
    } catch (error) {
      if (!(error instanceof WebhookRefusal)) throw error;
      this.logger.debug({ channel, accountId, reason: error.message }, 'a webhook was refused');
      throw error.reason === 'unauthorized'
        ? unauthorized('the signature does not hold')
        : badRequest('malformed', error.message);
    }
    await this.gate.publish(account, outcome.events);
    await this.gate.publishReceipts(account, outcome.receipts ?? []);
    if (outcome.pull !== undefined) this.host.requestPull(outcome.pull.accountId ?? accountId, outcome.pull.hint);
    await reply
      .status(outcome.response.status ?? 200)
      .header('content-type', outcome.response.contentType)
      .send(outcome.response.body);
  }
}

/** Declares the path once for all hosts, those to come included; each call goes to the one whose account it names. */
function declareRoutes(fastify: FastifyInstance, all: WebhookRoutes[]): WebhookRoutes[] {
  const hostOf = (request: FastifyRequest): WebhookRoutes | undefined =>
    all.find((host) => host.serves(request.params as Params) === true);
  /** What can be said before the body is read. */
  const refusal = (request: FastifyRequest): AppError | null => {
    if (hostOf(request) === undefined)
      return all.some((host) => host.serves(request.params as Params) === null)
        ? unavailable('starting', 2)
        : notFound('account');
    return Number(request.headers['content-length'] ?? 0) > BODY_LIMIT ? tooLarge(BODY_LIMIT) : null;
  };
  void fastify.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, parsed) =>
      parsed(null, body),
    );
    scope.addHook('onRequest', (request, _reply, next) => next(refusal(request) ?? undefined));
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const host = hostOf(request);
      // Removed while its body was read.
      if (host === undefined) throw notFound('account');
      await host.handle(request, reply);
    };
    scope.get('/webhooks/:channel/:accountId', { exposeHeadRoute: false }, handler);
    scope.post('/webhooks/:channel/:accountId', handler);
    done();
  });
  return all;
}

/** The query as it was sent, doubled parameters and all. */
function queryOf(request: FastifyRequest): URLSearchParams {
  const url = request.raw.url ?? '';
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}
