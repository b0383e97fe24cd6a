import type { Attachment, Conversation, Message, WritableContent } from '@huiliu/contracts';
import i18next from 'i18next';
import { conversations, messages } from '../api/endpoints';
import { asApiError } from '../api/errors';
import { browserStore } from '../composer/drafts';
import { wordsOf } from '../i18n/i18n';
import { toast } from '../ui/toast';
import { FRESH_MS, KeptPending } from './kept-pending';
import { SendQueue } from './send-queue';
import { tickNow, useInbox } from './store';

/** Runs one action of a conversation and shows what came of it; false when it failed (and was said). */
export async function act(work: () => Promise<Conversation>, done?: string): Promise<boolean> {
  const asOf = tickNow();
  try {
    const conversation = await work();
    // Some answers may be narrower than a conversation: the feed tells the rest.
    if (typeof conversation?.updatedAt === 'string')
      useInbox.getState().apply({ type: 'conversations', items: [conversation], asOf });
    if (done !== undefined) toast(done);
    return true;
  } catch (error) {
    toast(i18next.t('app.failed', { why: wordsOf(i18next.t, error) }), 'bad');
    return false;
  }
}

/** Runs one action of a message (retry, confirm, recall). */
export async function actOnMessage(conversationId: string, work: () => Promise<unknown>): Promise<void> {
  const asOf = tickNow();
  try {
    const answer = (await work()) as Partial<Message & Conversation>;
    if (typeof answer?.seq === 'number')
      useInbox.getState().apply({ type: 'messages', conversationId, items: [answer as Message], asOf });
    else if (typeof answer?.updatedAt === 'string')
      useInbox.getState().apply({ type: 'conversations', items: [answer as Conversation], asOf });
  } catch (error) {
    toast(i18next.t('app.failed', { why: wordsOf(i18next.t, error) }), 'bad');
  }
}

const keeper = new KeptPending(browserStore());
const asOfPosts = new Map<string, number>();

/** Everything written on this page goes through here. */
export const sendQueue = new SendQueue({
  post: (pending) => {
    asOfPosts.set(pending.clientId, tickNow());
    return messages.post(pending.conversationId, {
      clientId: pending.clientId,
      content: pending.content,
      ...(pending.direction === 'note' ? { direction: 'note' as const } : {}),
    });
  },
  onChange: (pending) => {
    keeper.save(pending);
    useInbox.setState({ pending });
  },
  onPosted: (message) => {
    const asOf = asOfPosts.get(message.clientId ?? '') ?? 0;
    asOfPosts.delete(message.clientId ?? '');
    useInbox.getState().apply({ type: 'messages', conversationId: message.conversationId, items: [message], asOf });
  },
  judge: (thrown) => {
    const error = asApiError(thrown);
    return { again: error.uncertain || error.status === 429 || error.status === 401, words: wordsOf(i18next.t, error) };
  },
});

/** Sends what this person's last page had not sent when it was closed or loaded anew. */
export function resumeSending(me: string): void {
  sendQueue.restore(keeper.own(me, i18next.t('bubble.leftBehind')));
}

/** The server is there again: sends what could not reach it. */
export function sendAgain(): void {
  sendQueue.retryAll(new Date(Date.now() - FRESH_MS).toISOString());
}

/** Nothing of this person's is sent any more; what was on its way waits for their return. */
export function stopSending(): void {
  keeper.release();
  sendQueue.clear();
}

/** Writes to a conversation; shown at once. */
export function write(
  conversationId: string,
  direction: 'outbound' | 'note',
  content: WritableContent,
  label: string | null = null,
): void {
  sendQueue.add({
    clientId: crypto.randomUUID(),
    conversationId,
    direction,
    content,
    label,
    createdAt: new Date().toISOString(),
  });
}

/** What a stored file is sent as. */
export function contentOfFile(file: Attachment): WritableContent {
  const kind = file.mime.startsWith('image/') && file.mime !== 'image/svg+xml' ? 'image' : 'file';
  return { kind, text: '', attachment: { id: file.id } };
}

const readUpTo = new Map<string, number>();

/** Tells the server once that everything up to `seq` has been seen. */
export function markRead(conversation: Conversation, seq: number): void {
  if (conversation.unread === 0 || (readUpTo.get(conversation.id) ?? 0) >= seq) return;
  readUpTo.set(conversation.id, seq);
  const asOf = tickNow();
  conversations.read(conversation.id, seq).then(
    (answer) => {
      if (typeof answer?.updatedAt === 'string')
        useInbox.getState().apply({ type: 'conversations', items: [answer], asOf });
    },
    () => readUpTo.delete(conversation.id),
  );
}
