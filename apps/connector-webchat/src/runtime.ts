import { defineConnector, type SendPart } from '@huiliu/connector-kit';
import { definition } from './definition';
import { remoteMessageId } from './ids';

/**
 * What the visitor is shown comes from the inbox's own events; a send is accepted at once, under the message's own id. That it was
 * delivered and read is told by the visitor's socket.
 */
const shown = (part: Pick<SendPart, 'messageId'>): string => remoteMessageId(part.messageId);

/** The website chat as the kit runs it. */
export const webchatConnector = defineConnector({
  definition,
  encoders: {
    text: shown,
    image: shown,
    audio: shown,
    video: shown,
    file: shown,
    location: shown,
    link: shown,
    menu: shown,
    card: shown,
    sticker: shown,
    contact: shown,
  },
  open: () => ({
    send: (remoteId: string) => Promise.resolve({ remoteId }),
    recall: () => Promise.resolve(),
  }),
});
