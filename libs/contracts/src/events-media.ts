import { z } from 'zod';
import { Content } from './content';
import { RemoteConversation } from './events-channel';
import { eventOf } from './envelope';
import { RemoteId } from './ids';

/**
 * The file of a message that has been published without it: fetched at the platform, kept by the inbox, added to the message by an edit.
 * `media` is the connector's own, and names the file at the platform.
 */
export const MediaFetch = RemoteConversation.extend({
  remoteId: RemoteId,
  content: Content,
  media: z.string().min(1).max(4096),
});
export type MediaFetch = z.infer<typeof MediaFetch>;

/** Topics `channel.media.<app>`; key: account + remote conversation. */
export const ChannelMediaEvent = z.discriminatedUnion('type', [eventOf('media.fetch', MediaFetch)]);
export type ChannelMediaEvent = z.infer<typeof ChannelMediaEvent>;
