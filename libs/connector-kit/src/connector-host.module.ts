import { type DynamicModule, Module } from '@nestjs/common';
import { AccountDirectory } from './accounts/account-directory';
import { ChannelAnnouncer } from './accounts/channel-announcer';
import { HOST_OPTIONS, type HostOptions } from './host-options';
import { EventGate } from './inbound/event-gate';
import { InboundPublisher } from './inbound/inbound-publisher';
import { MediaConsumer } from './inbound/media-consumer';
import { InboxClient } from './inbox/inbox-client';
import { Uploads } from './inbox/uploads';
import { LeaseBook } from './leases/lease-book';
import { Changes } from './outbound/changes';
import { CommandStore } from './outbound/command-store';
import { OutboundConsumer } from './outbound/outbound-consumer';
import { OutboundWorker } from './outbound/outbound-worker';
import { Outcomes } from './outbound/outcomes';
import { Sender } from './outbound/sender';
import { SentIds } from './outbound/sent-ids';
import { TypingRelay } from './outbound/typing-relay';
import { ServiceConsumer } from './outbound/service-consumer';
import { CursorStore } from './runtimes/cursor-store';
import { RuntimeHost } from './runtimes/runtime-host';
import { SignedCalls } from './webhooks/signed-calls';
import { WebhookRoutes } from './webhooks/webhook-routes';

/** Runs an app's connectors: its accounts, what comes in, what goes out. */
@Module({})
export class ConnectorHostModule {
  static forRoot(options: HostOptions): DynamicModule {
    return {
      module: ConnectorHostModule,
      providers: [
        { provide: HOST_OPTIONS, useValue: options },
        AccountDirectory,
        ChannelAnnouncer,
        InboundPublisher,
        EventGate,
        InboxClient,
        Uploads,
        LeaseBook,
        SignedCalls,
        SentIds,
        CursorStore,
        RuntimeHost,
        CommandStore,
        Outcomes,
        Changes,
        Sender,
        OutboundWorker,
        OutboundConsumer,
        TypingRelay,
        MediaConsumer,
        ServiceConsumer,
        WebhookRoutes,
      ],
      exports: [AccountDirectory, InboundPublisher, EventGate, InboxClient, RuntimeHost, Uploads],
    };
  }
}
