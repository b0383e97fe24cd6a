import type { Content, Envelope, MailThread } from '@huiliu/contracts';
import { told, type TestInbox } from './test-inbox';

export interface Mail {
  readonly id: string;
  readonly from: string;
  /** As the event has them: the likeliest first. */
  readonly references?: readonly string[];
  readonly conversationId?: string;
  readonly content?: Partial<Extract<Content, { kind: 'email' }>>;
}

/** A mail as its connector tells of it. */
export function mailed(inbox: Pick<TestInbox, 'accountId' | 'clock'>, mail: Mail): Envelope {
  const thread: MailThread = {
    references: [...(mail.references ?? [])],
    ...(mail.conversationId === undefined ? {} : { conversationId: mail.conversationId }),
  };
  return told(inbox, mail.from, {
    remoteConversationId: mail.id,
    remoteId: mail.id,
    contact: { remoteId: mail.from, name: mail.from.split('@', 1)[0] ?? '', verified: false },
    thread,
    content: mailContent(mail.from, mail.content),
  });
}

/** What a mail says. */
export function mailContent(from: string, over: Mail['content'] = {}): Extract<Content, { kind: 'email' }> {
  return {
    kind: 'email',
    subject: '订单',
    text: '请问什么时候发货？',
    html: '',
    attachments: [],
    cc: [],
    from: { name: from.split('@', 1)[0] ?? '', address: from },
    to: [{ name: '', address: 'help@shop.example' }],
    ...over,
  };
}
