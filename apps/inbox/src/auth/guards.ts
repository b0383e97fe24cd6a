import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Role } from '@huiliu/contracts';
import { forbidden } from '@huiliu/platform';
import { AuthService } from './auth.service';
import { ROLES_KEY, type SignedInRequest } from './viewer';

/** Lets signed-in agents through and says who they are; everyone else gets 401. */
@Injectable()
export class AgentGuard implements CanActivate {
  constructor(private readonly auth: AuthService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<SignedInRequest>();
    const { viewer, tokenHash } = await this.auth.requireBearer(request.headers.authorization);
    request.viewer = viewer;
    request.tokenHash = tokenHash;
    return true;
  }
}

/** Behind `AgentGuard`: 403 unless the agent has one of the roles named by `@Roles`. */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const roles = this.reflector.getAllAndOverride<Role[] | undefined>(ROLES_KEY, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (roles === undefined || roles.includes(context.switchToHttp().getRequest<SignedInRequest>().viewer.role))
      return true;
    throw forbidden(`only for: ${roles.join(', ')}`);
  }
}
