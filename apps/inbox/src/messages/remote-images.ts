import { Inject, Injectable } from '@nestjs/common';
import { GuardedFetch, GuardedFetchError } from '@huiliu/connector-kit';
import { AppError, Config, notFound } from '@huiliu/platform';
import { Database } from '@huiliu/storage';
import { HEAD_BYTES, isShownInline, mimeOf } from '../attachments/domain/magic';
import type { Viewer } from '../auth/viewer';
import { VisibleThreads } from '../conversations/visible-threads';
import { remoteImagesOf } from './domain/remote-images';
import { MessagesRepository } from './messages.repository';

/** More than a picture in a mail has. */
const MAX_BYTES = 5 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

export interface RemoteImage {
  readonly mime: string;
  readonly bytes: Buffer;
}

/**
 * Pictures of other sites in mails, fetched here when an agent asks for them: who sent the mail learns that somebody looked, not who or from
 * where. Only what the stored mail names is fetched, and only what is a picture by its bytes is given out.
 */
@Injectable()
export class RemoteImages {
  private readonly http: GuardedFetch;

  constructor(
    @Inject(Config) config: Pick<Config, 'outboundAllow'>,
    private readonly database: Database,
    private readonly threads: VisibleThreads,
    private readonly messages: MessagesRepository,
  ) {
    this.http = new GuardedFetch({ allow: config.outboundAllow });
  }

  /** 404 where the message is out of sight or does not name the address; 502 `image_unavailable` where it cannot be had. */
  async fetch(viewer: Viewer, messageId: string, url: string): Promise<RemoteImage> {
    const message = (await this.messages.byIds(this.database, [messageId])).get(messageId);
    if (message === undefined) throw notFound('message');
    await this.threads.read(viewer, message.conversationId);
    if (message.content.kind !== 'email' || !remoteImagesOf(message.content.html).has(url)) throw notFound('image');
    const { status, headers, body } = await this.get(url);
    const mime = mimeOf(body.subarray(0, HEAD_BYTES), headers['content-type'] ?? '');
    if (status !== 200 || !isShownInline(mime)) throw unavailable('there is no picture at this address');
    return { mime, bytes: body };
  }

  private async get(url: string): ReturnType<GuardedFetch['fetch']> {
    try {
      return await this.http.fetch(url, {
        headers: { accept: 'image/*' },
        maxBytes: MAX_BYTES,
        timeoutMs: TIMEOUT_MS,
      });
    } catch (error) {
      if (error instanceof GuardedFetchError) throw unavailable(error.message);
      throw error;
    }
  }
}

const unavailable = (why: string): AppError => new AppError(502, 'image_unavailable', why);
