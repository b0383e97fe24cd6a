import { Module } from '@nestjs/common';
import { AccountsController } from './accounts/accounts.controller';
import { AccountsFollower } from './accounts/accounts.follower';
import { AccountChecks } from './accounts/account-checks';
import { AccountsService } from './accounts/accounts.service';
import { AdminBootstrap } from './agents/admin-bootstrap';
import { AgentWriter } from './agents/agent-writer';
import { AgentsController } from './agents/agents.controller';
import { AgentsService } from './agents/agents.service';
import { PresenceService } from './agents/presence.service';
import { PresenceSweeper } from './agents/presence.sweeper';
import { AttachmentStore, LocalFolderStore } from './attachments/attachment-store';
import { AttachmentsController } from './attachments/attachments.controller';
import { AttachmentsService } from './attachments/attachments.service';
import { AttachmentsSweeper } from './attachments/attachments.sweeper';
import { InternalAttachmentsController } from './attachments/internal-attachments.controller';
import { AuthController } from './auth/auth.controller';
import { AuthService } from './auth/auth.service';
import { FailedLogins } from './auth/failed-logins';
import { AgentGuard, RolesGuard } from './auth/guards';
import { TicketsService } from './auth/tickets.service';
import { TokensService } from './auth/tokens.service';
import { ChannelRegistry } from './channels/channel-registry';
import { ChannelsFollower } from './channels/channels.follower';
import { DemoSeeder } from './demo/demo-seeder';
import { Directory } from './directory/directory';
import { DirectoryRepository } from './directory/directory.repository';
import { DlqConsumer } from './dlq/dlq.consumer';
import { DlqController } from './dlq/dlq.controller';
import { DlqRepository } from './dlq/dlq.repository';
import { DlqService } from './dlq/dlq.service';
import { ClientFrames } from './realtime/client-frames';
import { ConversationAccessMap } from './realtime/conversation-access';
import { InboxFeed } from './realtime/inbox-feed';
import { RealtimeGateway } from './realtime/realtime.gateway';
import { SocketHub } from './realtime/socket-hub';
import { TeamsController } from './teams/teams.controller';
import { TeamsService } from './teams/teams.service';

/** Who works here, what they may see, and how it reaches their screens: all of the inbox but the conversations themselves. */
@Module({
  controllers: [
    AuthController,
    AgentsController,
    TeamsController,
    AccountsController,
    AttachmentsController,
    InternalAttachmentsController,
    DlqController,
  ],
  providers: [
    DirectoryRepository,
    ChannelRegistry,
    Directory,
    ChannelsFollower,
    TokensService,
    TicketsService,
    FailedLogins,
    AuthService,
    AgentGuard,
    RolesGuard,
    AgentWriter,
    AgentsService,
    AdminBootstrap,
    PresenceService,
    PresenceSweeper,
    TeamsService,
    AccountChecks,
    AccountsService,
    AccountsFollower,
    { provide: AttachmentStore, useClass: LocalFolderStore },
    AttachmentsService,
    AttachmentsSweeper,
    ConversationAccessMap,
    InboxFeed,
    SocketHub,
    ClientFrames,
    RealtimeGateway,
    DlqRepository,
    DlqService,
    DlqConsumer,
    DemoSeeder,
  ],
  exports: [
    Directory,
    ChannelRegistry,
    AuthService,
    AgentGuard,
    RolesGuard,
    AttachmentsService,
    PresenceService,
    AdminBootstrap,
    DemoSeeder,
    InboxFeed,
  ],
})
export class InboxEdgesModule {}
