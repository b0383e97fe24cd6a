import { Module } from '@nestjs/common';
import { ConnectorHostModule } from '@huiliu/connector-kit';
import { emailConnector } from './runtime';

/** A mail may bring 20 MB to a slow server, which may look at it for long before it answers. */
const CALL_MS = 180_000;
/** Each is a connection of its own, and holds what it sends. */
const SENDS_AT_ONCE = 8;

/** Mailboxes: read by IMAP, answered by SMTP. */
@Module({
  imports: [
    ConnectorHostModule.forRoot({
      app: 'connector-email',
      connectors: [emailConnector],
      callMs: CALL_MS,
      sendsAtOnce: SENDS_AT_ONCE,
    }),
  ],
})
export class ConnectorEmailModule {}
