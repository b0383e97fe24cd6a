import { type CanActivate, createParamDecorator, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { unauthorized } from '@huiliu/platform';
import type { Visitor } from '../tokens';
import { VisitorTokens } from '../visitor-tokens';
import { Accounts } from './accounts';

const VISITOR = Symbol('the visitor');

type WithVisitor = FastifyRequest & { [VISITOR]?: Visitor };

/** Lets through who brings a token of this account: as a bearer or, where a page can send no header (a picture), as `?token=`. */
@Injectable()
export class VisitorGuard implements CanActivate {
  constructor(
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(VisitorTokens) private readonly tokens: VisitorTokens,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<WithVisitor>();
    const account = this.accounts.get((request.params as { accountId: string }).accountId);
    const token = bearerOf(request) ?? (inQuery(request) ? queryToken(request) : null);
    const visitor = token === null ? null : this.tokens.read(account, token);
    if (visitor === null) throw unauthorized('open a session first');
    request[VISITOR] = visitor;
    return true;
  }
}

/** Whom the request's token speaks for; behind `VisitorGuard`. */
export const CurrentVisitor = createParamDecorator((_: unknown, context: ExecutionContext): Visitor => {
  const visitor = context.switchToHttp().getRequest<WithVisitor>()[VISITOR];
  if (visitor === undefined) throw unauthorized('open a session first');
  return visitor;
});

function bearerOf(request: FastifyRequest): string | null {
  return /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

const inQuery = (request: FastifyRequest): boolean => request.routeOptions.url?.endsWith('/attachments/:id') ?? false;

function queryToken(request: FastifyRequest): string | null {
  const { token } = request.query as { token?: unknown };
  return typeof token === 'string' ? token : null;
}
