import { Injectable } from '@nestjs/common';
import type { ChannelDefinition, Conversation, Servicer } from '@huiliu/contracts';
import { conflict, newId } from '@huiliu/platform';
import type { Viewer } from '../auth/viewer';
import { append } from '../conversations/domain/thread';
import { VisibleThreads } from '../conversations/visible-threads';
import { Directory } from '../directory/directory';
import { noteDraft } from '../messages/domain/drafts';
import { handoverDraft } from '../messages/domain/handover';
import { carrierOf, handOverCommand } from '../messages/outgoing';
import { Servicers } from './servicers';

/** Hands conversations to people who answer in the platform's own tool. */
@Injectable()
export class HandoverService {
  constructor(
    private readonly directory: Directory,
    private readonly threads: VisibleThreads,
    private readonly asked: Servicers,
  ) {}

  /** Who could take this conversation, as the platform says now. 409 `handover_not_supported`, `platform_refused`. */
  async servicers(viewer: Viewer, conversationId: string): Promise<{ items: Servicer[]; nextCursor: null }> {
    const { accountId, channel } = await this.threads.read(viewer, conversationId);
    refuseUnlessAble(this.directory.definition(channel));
    return { items: [...(await this.asked.ask(accountId))], nextCursor: null };
  }

  /**
   * Has the platform give the session to a servicer, after everything that was written before; the note goes before. A line of the record
   * says how it went. Whose conversation it is here does not change. 409 `handover_not_supported`, `conversation_resolved`.
   */
  handOver(
    viewer: Viewer,
    conversationId: string,
    { servicerId, note = '' }: { servicerId: string; note?: string | undefined },
  ): Promise<Conversation> {
    return this.threads.change(viewer, conversationId, (_tx, change, now) => {
      const definition = carrierOf(this.directory, change);
      refuseUnlessAble(definition);
      if (change.thread.status === 'resolved')
        throw conflict('conversation_resolved', 'this conversation is resolved; reopen it first');
      if (note.trim() !== '') append(change, noteDraft(newId(), viewer, note, now));
      const line = append(change, handoverDraft(newId(), viewer, servicerId, now));
      return [handOverCommand(change, definition, { messageId: line.id, servicerId }, now)];
    });
  }
}

function refuseUnlessAble(definition: ChannelDefinition | undefined): void {
  if (definition?.handover !== true)
    throw conflict('handover_not_supported', 'this channel has no servicers of its own to hand a conversation to');
}
