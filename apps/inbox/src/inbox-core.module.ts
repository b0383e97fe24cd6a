import { Module } from '@nestjs/common';
import { DecisionsConsumer } from './consumers/decisions.consumer';
import { InboundAttachments } from './consumers/inbound-attachments';
import { InboundWriter } from './consumers/inbound-writer';
import { InboundConsumer } from './consumers/inbound.consumer';
import { ReceiptsWriter } from './consumers/receipts-writer';
import { ReceiptsConsumer } from './consumers/receipts.consumer';
import { WaitingReceipts } from './consumers/waiting-receipts';
import { ContactsRepository } from './contacts/contacts.repository';
import { Placement } from './contacts/placement';
import { ActionsService } from './conversations/actions.service';
import { AssignmentService } from './conversations/assignments';
import { ConversationsController } from './conversations/conversations.controller';
import { ConversationsRepository } from './conversations/conversations.repository';
import { ConversationsService } from './conversations/conversations.service';
import { SnoozeWaker } from './conversations/snooze-waker';
import { ThreadStore } from './conversations/thread-store';
import { VisibleThreads } from './conversations/visible-threads';
import { AgentStandings } from './decisions/agent-standings';
import { DecisionsRepository } from './decisions/decisions.repository';
import { HandoverController } from './handover/handover.controller';
import { HandoverService } from './handover/handover.service';
import { Servicers } from './handover/servicers';
import { InboxEdgesModule } from './inbox-edges.module';
import { MailReplies } from './messages/mail-replies';
import { MessageActionsService } from './messages/message-actions.service';
import { MessagesController } from './messages/messages.controller';
import { MessagesRepository } from './messages/messages.repository';
import { MessagesService } from './messages/messages.service';
import { RemoteImages } from './messages/remote-images';
import { RemoteImagesController } from './messages/remote-images.controller';
import { RemoteIdsRepository } from './messages/remote-ids.repository';
import { VisitorMessagesController } from './messages/visitor-messages.controller';
import { WaitingReceiptsRepository } from './messages/waiting-receipts.repository';
import { OfferExpiry } from './offers/offer-expiry';
import { OffersController } from './offers/offers.controller';
import { OffersRepository } from './offers/offers.repository';
import { OffersService } from './offers/offers.service';
import { SessionsRepository } from './sessions/sessions.repository';
import { ThreadPlacement } from './threads/thread-placement';
import { ThreadsRepository } from './threads/threads.repository';
import { WindowsRepository } from './windows/windows.repository';

/** Conversations: what comes in, what people do with it, what goes out and what becomes of it. */
@Module({
  imports: [InboxEdgesModule],
  controllers: [
    ConversationsController,
    HandoverController,
    MessagesController,
    OffersController,
    VisitorMessagesController,
    RemoteImagesController,
    InboundConsumer,
    ReceiptsConsumer,
    DecisionsConsumer,
  ],
  providers: [
    ConversationsRepository,
    MessagesRepository,
    SessionsRepository,
    WindowsRepository,
    DecisionsRepository,
    OffersRepository,
    ContactsRepository,
    RemoteIdsRepository,
    WaitingReceiptsRepository,
    Placement,
    ThreadStore,
    VisibleThreads,
    AgentStandings,
    AssignmentService,
    ConversationsService,
    ActionsService,
    Servicers,
    HandoverService,
    MailReplies,
    RemoteImages,
    MessagesService,
    MessageActionsService,
    OffersService,
    ThreadsRepository,
    ThreadPlacement,
    InboundAttachments,
    InboundWriter,
    ReceiptsWriter,
    WaitingReceipts,
    SnoozeWaker,
    OfferExpiry,
  ],
  exports: [AssignmentService, ThreadStore, ConversationsRepository],
})
export class InboxCoreModule {}
