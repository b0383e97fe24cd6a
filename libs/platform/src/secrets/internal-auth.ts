import { INTERNAL_TOKEN_HEADER } from '@huiliu/contracts';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { timingSafeEqual } from 'node:crypto';
import { unauthorized } from '../errors/app-error';
import { SecretBox } from './secret-box';

/** The token by which our own processes know each other on `/internal/*`. */
@Injectable()
export class InternalAuth {
  private readonly current: string;
  private readonly accepted: readonly Buffer[];

  constructor(@Inject(SecretBox) box: SecretBox) {
    this.accepted = box.deriveKeys('internal.token');
    this.current = this.accepted[0]!.toString('base64url');
  }

  /** What to send in the header `x-huiliu-internal`. */
  token(): string {
    return this.current;
  }

  /** True for the token of this master key (or of an old one, while it is being replaced). */
  accepts(token: unknown): boolean {
    if (typeof token !== 'string') return false;
    const given = Buffer.from(token, 'base64url');
    // The text must be the canonical one, and every key is compared, in the same time whichever matches.
    const matches = this.accepted.map(
      (key) => given.length === key.length && timingSafeEqual(given, key) && token === key.toString('base64url'),
    );
    return matches.includes(true);
  }
}

/** Lets only our own processes through: for every controller under `/internal`. */
@Injectable()
export class InternalGuard implements CanActivate {
  constructor(@Inject(InternalAuth) private readonly auth: InternalAuth) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (!this.auth.accepts(request.headers[INTERNAL_TOKEN_HEADER])) throw unauthorized('this is for our own processes');
    return true;
  }
}
