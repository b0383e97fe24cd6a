import { Inject, Injectable, Logger } from '@nestjs/common';
import { type EventBatch, MessageBus } from '@huiliu/bus';
import { channelMedia, type ChannelMediaEvent, type MediaFetch } from '@huiliu/contracts';
import { Clock, Database } from '@huiliu/storage';
import { AccountDirectory } from '../accounts/account-directory';
import { ConnectorError } from '../contract/errors';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import { Uploads } from '../inbox/uploads';
import { RuntimeHost } from '../runtimes/runtime-host';
import { EventGate } from './event-gate';

const LANES = 4;
const FETCH_MS = 30_000;
const FINAL: ReadonlySet<string> = new Set(['rejected', 'unsupported', 'window_closed']);

/**
 * Fetches the files that inbound messages named, hands them to the inbox and adds them to their messages. Asked for over the bus: no
 * file is forgotten when a process ends, the platform does not answer, or the inbox is away. What is done twice changes nothing more.
 */
@Injectable()
export class MediaConsumer {
  private readonly logger = new Logger('MediaConsumer');

  constructor(
    @Inject(MessageBus) bus: MessageBus,
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(AccountDirectory) private readonly directory: AccountDirectory,
    @Inject(RuntimeHost) private readonly host: RuntimeHost,
    @Inject(Uploads) private readonly uploads: Uploads,
    @Inject(EventGate) private readonly gate: EventGate,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    bus.subscribe(channelMedia(options.app), { group: options.app, maxBatch: 1, lanes: LANES }, (batch) =>
      this.handle(batch),
    );
  }

  /** Nothing is awaited inside a transaction: a file that came twice is the same edit twice. */
  async handle(batch: EventBatch): Promise<void> {
    for (const { envelope } of batch.deliveries) await this.bring((envelope as unknown as ChannelMediaEvent).data);
    await this.database.transaction(async (tx) => void (await batch.claim(tx)));
  }

  private async bring(fetch: MediaFetch): Promise<void> {
    await this.directory.ready;
    await this.host.settled();
    const running = this.host.get(fetch.accountId);
    // An account that is gone fetches nothing; one that is only broken may be mended.
    if (this.directory.get(fetch.accountId) === undefined) return;
    const bring = running?.runtime.fetchMedia?.bind(running.runtime);
    if (bring === undefined) throw new Error('the account is not at work');
    try {
      const file = await this.withToken(running?.runtime.refreshAuth?.bind(running.runtime), () =>
        bring(fetch.media, AbortSignal.timeout(FETCH_MS)),
      );
      const attachment = await this.uploads.add(fetch.contact.contactId as string, file);
      await this.gate.publish({ id: fetch.accountId, channel: fetch.channel }, [
        {
          type: 'message.edited',
          data: {
            remoteConversationId: fetch.remoteConversationId,
            contact: fetch.contact,
            remoteId: fetch.remoteId,
            content: { ...fetch.content, attachment } as MediaFetch['content'],
            editedAt: this.clock.now().toISOString(),
          },
        },
      ]);
    } catch (error) {
      if (!(error instanceof ConnectorError) || !FINAL.has(error.kind)) throw error;
      this.logger.warn(
        { accountId: fetch.accountId, remoteId: fetch.remoteId, code: error.code },
        'a file is not to be had any more: its message stays without it',
      );
    }
  }

  private async withToken<T>(refresh: (() => Promise<void>) | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'auth' || refresh === undefined) throw error;
      await refresh();
      return work();
    }
  }
}
