import { Module } from '@nestjs/common';
import { ConnectorHostModule } from '@huiliu/connector-kit';
import { VisitorFeed } from './feed/visitor-feed';
import { VisitorGateway } from './feed/visitor-gateway';
import { VisitorReceipts } from './feed/visitor-receipts';
import { webchatConnector } from './runtime';
import { SessionController } from './sessions/session.controller';
import { SessionService } from './sessions/session.service';
import { Accounts } from './visitor/accounts';
import { AttachmentsController } from './visitor/attachments.controller';
import { CrossOrigin } from './visitor/cross-origin';
import { MessagesController } from './visitor/messages.controller';
import { VisitorGuard } from './visitor/visitor.guard';
import { VisitorTokens } from './visitor-tokens';
import { WidgetController } from './widget/widget.controller';

/** The chat on websites: its visitors' surface and their feed. */
@Module({
  imports: [ConnectorHostModule.forRoot({ app: 'connector-webchat', connectors: [webchatConnector] })],
  controllers: [SessionController, MessagesController, AttachmentsController, WidgetController],
  providers: [
    Accounts,
    CrossOrigin,
    VisitorTokens,
    VisitorGuard,
    SessionService,
    VisitorFeed,
    VisitorReceipts,
    VisitorGateway,
  ],
})
export class ConnectorWebchatModule {}
