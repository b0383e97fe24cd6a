/** Who has a conversation on our side, as the inbox has committed it: it waits, an agent of ours serves it, or it is resolved. */
export interface ServiceChange {
  readonly conversationId: string;
  readonly remoteContactId: string;
  readonly state: 'waiting' | 'serving' | 'ended';
  readonly at: Date;
}

/** Whose session is handed to a servicer of the platform's. */
export interface HandOverTarget {
  readonly conversationId: string;
  readonly remoteConversationId: string;
  readonly remoteContactId: string;
}
