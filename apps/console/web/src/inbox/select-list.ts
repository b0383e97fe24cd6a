import type { Conversation, ConversationStatus } from '@huiliu/contracts';
import type { InboxState } from './state';

export type Tab = 'mine' | 'unassigned' | 'all';

export interface ListFilter {
  readonly tab: Tab;
  readonly status: ConversationStatus;
  readonly me: string;
}

/** Where a conversation stands in a list: by its last message, the newest first. */
export function sortTime(conversation: Conversation): string {
  return conversation.lastMessage?.createdAt ?? conversation.createdAt;
}

function newestFirst(a: Conversation, b: Conversation): number {
  const left = sortTime(a);
  const right = sortTime(b);
  if (left !== right) return left < right ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

/** Whether a conversation belongs to a tab. What waits for an agent is open by nature. */
export function belongs(conversation: Conversation, filter: ListFilter): boolean {
  switch (filter.tab) {
    case 'mine':
      return conversation.status === filter.status && conversation.assignee?.id === filter.me;
    case 'unassigned':
      return conversation.status === 'open' && conversation.assignee === null;
    case 'all':
      return conversation.status === filter.status;
  }
}

/**
 * The conversations of a list. `floor` is the sort time of the last one that was loaded by pages: what is older and known by chance
 * (an old conversation was tagged) would stand beside a hole, and waits until its page is loaded.
 */
export function selectList(state: InboxState, filter: ListFilter, floor: string | null): Conversation[] {
  const list: Conversation[] = [];
  for (const { value } of state.conversations.values()) {
    if (belongs(value, filter) && (floor === null || sortTime(value) >= floor)) list.push(value);
  }
  return list.sort(newestFirst);
}

/** Of mine, those who have waited longer than `limitMs`, the longest first. */
export function slowReplies(state: InboxState, me: string, now: number, limitMs: number): Conversation[] {
  return [...state.conversations.values()]
    .map((known) => known.value)
    .filter(
      (c) =>
        c.status === 'open' &&
        c.assignee?.id === me &&
        c.waitingSince !== null &&
        now - Date.parse(c.waitingSince) >= limitMs,
    )
    .sort((a, b) => (a.waitingSince! < b.waitingSince! ? -1 : 1));
}
