import { buffer } from 'node:stream/consumers';
import type { Attachment } from '@huiliu/contracts';
import { type AccountContext, ConnectorError } from '@huiliu/connector-kit';

/** Below the three days that an uploaded medium lives. */
const MEDIUM_MS = 2 * 24 * 3600_000;
const MOST_MEDIA = 1_000;

/** Stores a file at the platform; answers its id there. */
export type Upload = (
  type: string,
  file: { name: string; mime: string; bytes: Buffer },
  signal: AbortSignal,
) => Promise<string>;

/** Files of ours at the platform, by attachment: a send that is tried again uploads nothing twice. */
export class UploadedMedia {
  private readonly known = new Map<string, { readonly mediaId: string; readonly atMs: number }>();

  constructor(
    private readonly upload: Upload,
    private readonly context: Pick<AccountContext, 'clock' | 'inbox'>,
  ) {}

  async idOf(type: string, attachment: Attachment, conversationId: string, signal: AbortSignal): Promise<string> {
    return this.once(attachment.id, async () => {
      const bytes = await this.read(attachment.id, conversationId);
      return this.upload(type, { name: attachment.name, mime: attachment.mime, bytes }, signal);
    });
  }

  /** What was stored under this name before; else what `upload` stores. */
  async once(name: string, upload: () => Promise<string>): Promise<string> {
    const nowMs = this.context.clock.now().getTime();
    const known = this.known.get(name);
    if (known !== undefined && nowMs - known.atMs < MEDIUM_MS) return known.mediaId;
    const mediaId = await upload();
    if (this.known.size >= MOST_MEDIA) this.known.delete(this.known.keys().next().value as string);
    this.known.set(name, { mediaId, atMs: nowMs });
    return mediaId;
  }

  private async read(id: string, conversationId: string): Promise<Buffer> {
    try {
      // Whoever reads for the customer of a conversation is named by it.
      const file = await this.context.inbox.download(id, { conversationId, visitorId: conversationId });
      return await buffer(file.stream);
    } catch (error) {
      const status = (error as { status?: number }).status;
      // Nothing has left yet: the inbox may answer the next time.
      throw status === 404
        ? new ConnectorError('rejected', 'no_attachment', '要发送的文件已不存在')
        : new ConnectorError('transient', 'attachment_unavailable', '暂时读不到要发送的文件');
    }
  }
}
