import { Injectable } from '@nestjs/common';
import type { Conversation } from '@huiliu/contracts';
import { badRequest, conflict, newId } from '@huiliu/platform';
import type { Tx } from '@huiliu/storage';
import type { Viewer } from '../auth/viewer';
import { Directory } from '../directory/directory';
import { noteDraft } from '../messages/domain/drafts';
import { AssignmentService } from './assignments';
import { isAway } from './away';
import { moveToTeam } from './domain/ownership';
import { append, type ThreadChange } from './domain/thread';
import { reopen, resolve, snooze, type InboundContext } from './domain/turns';
import { SnoozeWaker } from './snooze-waker';
import { VisibleThreads } from './visible-threads';

/** What people do with a conversation's way by hand. Doing what is done already changes nothing and answers the conversation. */
@Injectable()
export class ActionsService {
  constructor(
    private readonly threads: VisibleThreads,
    private readonly assignments: AssignmentService,
    private readonly directory: Directory,
    private readonly waker: SnoozeWaker,
  ) {}

  assign(viewer: Viewer, id: string, agentId: string): Promise<Conversation> {
    return this.threads.change(viewer, id, async (tx, change, now) => {
      refuseResolved(change);
      await this.assignments.assign(tx, change, agentId, viewer.id, now);
    });
  }

  /** To an agent, or into a team's queue; the note goes before. */
  transfer(
    viewer: Viewer,
    id: string,
    to: { agentId?: string | undefined; teamId?: string | undefined; note?: string | undefined },
  ): Promise<Conversation> {
    return this.threads.change(viewer, id, async (tx, change, now) => {
      refuseResolved(change);
      addNote(change, viewer, to.note, now);
      if (to.agentId !== undefined) return this.assignments.assign(tx, change, to.agentId, viewer.id, now);
      const teamId = to.teamId as string;
      if (this.directory.team(teamId) === undefined) throw badRequest('unknown_team', 'no such team');
      await this.assignments.withdrawOffers(tx, change, now);
      moveToTeam(change, teamId, now.toISOString());
    });
  }

  /** Ends the session; the note goes before. */
  resolve(
    viewer: Viewer,
    id: string,
    how: { category?: string | undefined; note?: string | undefined },
  ): Promise<Conversation> {
    return this.threads.change(viewer, id, async (tx, change, now) => {
      if (change.thread.status === 'resolved') return;
      addNote(change, viewer, how.note, now);
      await this.assignments.withdrawOffers(tx, change, now);
      resolve(change, { agentId: viewer.id, category: how.category ?? null, at: now.toISOString() });
    });
  }

  reopen(viewer: Viewer, id: string): Promise<Conversation> {
    return this.threads.change(viewer, id, (_tx, change, now) => {
      if (change.thread.status !== 'open') reopen(change, now.toISOString(), this.context());
    });
  }

  /** Lays it aside until a time to come; the reason is kept as a note. */
  snooze(viewer: Viewer, id: string, aside: { until: string; reason?: string | undefined }): Promise<Conversation> {
    return this.threads.change(viewer, id, async (tx: Tx, change, now) => {
      if (Date.parse(aside.until) <= now.getTime())
        throw badRequest('invalid', 'until must be a time to come', [{ path: 'until', message: 'is past' }]);
      refuseResolved(change);
      addNote(change, viewer, aside.reason, now);
      await this.assignments.withdrawOffers(tx, change, now);
      snooze(change, aside.until);
      tx.afterCommit(() => this.waker.look());
    });
  }

  private context(): InboundContext {
    return { newId, isAway: (agentId) => isAway(this.directory, agentId) };
  }
}

function refuseResolved(change: ThreadChange): void {
  if (change.thread.status === 'resolved')
    throw conflict('conversation_resolved', 'this conversation is resolved; reopen it first');
}

function addNote(change: ThreadChange, viewer: Viewer, text: string | undefined, now: Date): void {
  if (text !== undefined && text.trim() !== '') append(change, noteDraft(newId(), viewer, text, now));
}
