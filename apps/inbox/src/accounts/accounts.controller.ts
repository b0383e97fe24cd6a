import { Controller, Delete, Get, HttpCode, Post, Put, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { Account, ChannelDefinition, CreateAccount, Id, listOf, UpdateAccount } from '@huiliu/contracts';
import { ZodAnswers, ZodBody, ZodParam } from '@huiliu/platform';
import { AgentGuard, RolesGuard } from '../auth/guards';
import { CurrentViewer, Roles, type Viewer } from '../auth/viewer';
import { ChannelRegistry } from '../channels/channel-registry';
import { AccountsService } from './accounts.service';

@Controller('api/v1')
@ApiBearerAuth()
@UseGuards(AgentGuard, RolesGuard)
export class AccountsController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly channels: ChannelRegistry,
  ) {}

  @Get('channels')
  @ZodAnswers(listOf(ChannelDefinition))
  listChannels(): { items: ChannelDefinition[]; nextCursor: null } {
    return { items: this.channels.all(), nextCursor: null };
  }

  @Get('accounts')
  @ZodAnswers(listOf(Account))
  async list(@CurrentViewer() viewer: Viewer): Promise<{ items: Account[]; nextCursor: null }> {
    return { items: (await this.accounts.list()).map((account) => seenBy(viewer, account)), nextCursor: null };
  }

  @Post('accounts')
  @Roles('admin')
  @ZodAnswers(Account, 201)
  create(@ZodBody(CreateAccount) body: CreateAccount): Promise<Account> {
    return this.accounts.create(body);
  }

  @Get('accounts/:id')
  @ZodAnswers(Account)
  async get(@ZodParam('id', Id) id: string, @CurrentViewer() viewer: Viewer): Promise<Account> {
    return seenBy(viewer, await this.accounts.get(id));
  }

  @Put('accounts/:id')
  @Roles('admin')
  @ZodAnswers(Account)
  update(@ZodParam('id', Id) id: string, @ZodBody(UpdateAccount) body: UpdateAccount): Promise<Account> {
    return this.accounts.update(id, body);
  }

  @Delete('accounts/:id')
  @HttpCode(204)
  @Roles('admin')
  delete(@ZodParam('id', Id) id: string): Promise<void> {
    return this.accounts.delete(id);
  }

  @Post('accounts/:id/check')
  @HttpCode(200)
  @Roles('admin')
  @ZodAnswers(Account)
  check(@ZodParam('id', Id) id: string): Promise<Account> {
    return this.accounts.check(id);
  }
}

/** Whoever scans a code logs an account of theirs in here: only admins are shown it. */
function seenBy({ role }: Viewer, account: Account): Account {
  const { status } = account;
  if (role === 'admin' || status.login === null) return account;
  return { ...account, status: { ...status, login: { ...status.login, qr: null } } };
}
