import type { Conversation, Message } from '@huiliu/contracts';
import type { Queryable } from '@huiliu/storage';
import type { Directory } from '../directory/directory';
import { brief } from '../messages/domain/mail';
import { presentMessage, type StoredMessage } from '../messages/domain/message';
import { standing } from '../windows/domain/ledger';
import { WindowsRepository } from '../windows/windows.repository';
import { ConversationsRepository } from './conversations.repository';
import type { LoadedThread } from './domain/thread';

/** The parts of the directory that a conversation's shape needs. */
export type Names = Pick<Directory, 'agent' | 'definition'>;

/** A conversation as agents see it. */
export function presentConversation(loaded: LoadedThread, names: Names, now: Date): Conversation {
  const { thread } = loaded;
  const rules = names.definition(thread.channel)?.replyWindow.rules ?? [];
  return {
    id: thread.id,
    channel: thread.channel,
    accountId: thread.accountId,
    contact: loaded.contact,
    status: thread.status,
    assignee:
      thread.assigneeId === null ? null : { id: thread.assigneeId, name: names.agent(thread.assigneeId)?.name ?? '' },
    teamId: thread.teamId,
    tags: thread.tags,
    priority: thread.priority,
    lastMessage: loaded.lastMessage === null ? null : presentLast(loaded.lastMessage),
    unread: thread.unread,
    waitingSince: thread.waitingSince,
    replyWindow: standing(rules, loaded.windows, thread.createdAt, now),
    session:
      thread.sessionId === null || thread.sessionStartedAt === null
        ? null
        : { id: thread.sessionId, startedAt: thread.sessionStartedAt, firstReplyAt: thread.sessionFirstReplyAt },
    createdAt: thread.createdAt,
    updatedAt: thread.updatedAt,
  };
}

function presentLast(message: StoredMessage): Message {
  return presentMessage({ ...message, content: brief(message.content) });
}

/** Whether conversations of a channel have reply windows at all. */
export function hasWindows(names: Names, channel: string): boolean {
  return (names.definition(channel)?.replyWindow.rules.length ?? 0) > 0;
}

/** Conversations as agents see them, in the order of `ids`, by three queries however many there are; unknown ids are left out. */
export async function presentConversations(
  q: Queryable,
  ids: readonly string[],
  names: Names,
  now: Date = new Date(),
): Promise<Conversation[]> {
  const repository = new ConversationsRepository();
  const threads = await repository.byIds(q, ids);
  const around = await repository.surroundings(q, ids);
  const windowed = [...threads.values()]
    .filter((thread) => hasWindows(names, thread.channel))
    .map((thread) => thread.id);
  const windows = await new WindowsRepository().ofConversations(q, windowed);
  return ids.flatMap((id) => {
    const thread = threads.get(id);
    const beside = around.get(id);
    return thread && beside
      ? [presentConversation({ thread, ...beside, windows: windows.get(id) ?? [] }, names, now)]
      : [];
  });
}
