import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { Role } from '@huiliu/contracts';
import type { FastifyRequest } from 'fastify';

/** Who asks: an agent, signed in. */
export interface Viewer {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

/** A request that `AgentGuard` has let through. */
export interface SignedInRequest extends FastifyRequest {
  viewer: Viewer;
  /** SHA-256 of the bearer token: what logout ends. */
  tokenHash: string;
}

/** The signed-in agent of a request behind `AgentGuard`. */
export const CurrentViewer = createParamDecorator(
  (_: unknown, context: ExecutionContext): Viewer => context.switchToHttp().getRequest<SignedInRequest>().viewer,
);

/** The hash of the token that a request behind `AgentGuard` came with. */
export const CurrentTokenHash = createParamDecorator(
  (_: unknown, context: ExecutionContext): string => context.switchToHttp().getRequest<SignedInRequest>().tokenHash,
);

export const ROLES_KEY = 'huiliu:roles';

/** Lets only these roles through (with `RolesGuard`); everyone else gets 403. */
export const Roles = (...roles: Role[]) => SetMetadata(ROLES_KEY, roles);
