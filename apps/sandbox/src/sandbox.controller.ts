import { Controller, Get } from '@nestjs/common';
import { SandboxAccounts } from './sandbox-accounts';

/** What the sandbox's page asks for. */
@Controller('sandbox/api')
export class SandboxController {
  constructor(private readonly accounts: SandboxAccounts) {}

  @Get('channels')
  channels(): { items: ReturnType<SandboxAccounts['list']> } {
    return { items: this.accounts.list() };
  }
}
