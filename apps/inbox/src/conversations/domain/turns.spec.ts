import fc from 'fast-check';
import type { MessageDraft } from '../../messages/domain/message';
import { PLAIN_DRAFT } from '../../messages/domain/message';
import { assign, moveToTeam, queue, unassign } from './ownership';
import { append, beginChange, newThread, type Thread, type ThreadChange } from './thread';
import { answer, receive, reopen, resolve, resume, snooze } from './turns';

const AT = '2026-11-23T12:00:00.000Z';
let ids = 0;
const newId = (): string => `id${++ids}`;
const away = new Set<string>();
const context = { newId, isAway: (agentId: string) => away.has(agentId) };

function draft(direction: MessageDraft['direction'], at: string): MessageDraft {
  return {
    ...PLAIN_DRAFT,
    id: newId(),
    direction,
    author: { type: 'contact', id: 'c', name: 'c' },
    content: { kind: 'text', text: 'x' },
    state: 'received',
    isPublic: true,
    createdAt: at,
    remoteId: newId(),
  };
}

function fresh(): Thread {
  return newThread(
    {
      id: 't',
      channel: 'fake',
      accountId: 'a',
      identityId: 'i',
      contactId: 'c',
      remoteConversationId: 'r',
      remoteKey: 'k',
    },
    new Date(AT),
  );
}

function change(thread: Thread): ThreadChange {
  return beginChange({ thread, contact: { id: 'c', name: 'c', remoteId: 'r' }, lastMessage: null, windows: [] });
}

type Step = {
  readonly do:
    'receive' | 'answer' | 'note' | 'assign' | 'unassign' | 'team' | 'resolve' | 'reopen' | 'snooze' | 'leave' | 'back';
  readonly agent: string;
};

/** What the services let through, done to a thread. */
function take(one: ThreadChange, step: Step, at: string): void {
  const { thread } = one;
  const to = { agentId: step.agent, by: 'hand' as const, byId: 'boss', overCapacity: false, at, newId };
  switch (step.do) {
    case 'receive':
      return void receive(one, draft('inbound', at), context);
    case 'answer':
      if (thread.status === 'resolved') resume(one, at, newId);
      if (thread.assigneeId === null) assign(one, to);
      return void answer(one, draft('outbound', at), step.agent);
    case 'note':
      return void append(one, draft('note', at));
    case 'assign':
      if (thread.status !== 'resolved' && thread.assigneeId !== step.agent) assign(one, to);
      return;
    case 'unassign':
      if (thread.assigneeId === null) return;
      unassign(one, 'hand', 'x', at);
      if (thread.status === 'open') queue(one, thread.waitingSince ?? at);
      return;
    case 'team':
      if (thread.status !== 'resolved') moveToTeam(one, 'team', at);
      return;
    case 'resolve':
      if (thread.status !== 'resolved') resolve(one, { agentId: step.agent, category: null, at });
      return;
    case 'reopen':
      if (thread.status !== 'open') reopen(one, at, context);
      return;
    case 'snooze':
      if (thread.status !== 'resolved') snooze(one, at);
      return;
    case 'leave':
      away.add(step.agent);
      return;
    case 'back':
      away.delete(step.agent);
  }
}

const steps = fc.array(
  fc.record({
    do: fc.constantFrom<Step['do'][]>(
      'receive',
      'receive',
      'answer',
      'note',
      'assign',
      'unassign',
      'team',
      'resolve',
      'reopen',
      'snooze',
      'leave',
      'back',
    ),
    agent: fc.constantFrom('anna', 'bob'),
  }),
  { maxLength: 30 },
);

describe('the way of a conversation', () => {
  it('keeps its promises, whatever people do in whatever order and however it is cut into transactions', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), (list, cuts) => {
        away.clear();
        let one = change(fresh());
        let seq = 0;
        let waits: string | null = null;
        let unread = 0;
        let running = 0;
        const routed = new Map<string, string>();
        list.forEach((step, n) => {
          const at = new Date(Date.parse(AT) + n * 1000).toISOString();
          if (cuts[n]) one = change(one.thread);
          const before = { ...one.thread };
          const facts = one.routing.length;
          const segmentsBefore =
            one.newSegments.filter((segment) => segment.endedAt === null).length + (one.segmentPatch?.endedAt ? -1 : 0);
          take(one, step, at);
          const { thread } = one;
          const segmentsAfter =
            one.newSegments.filter((segment) => segment.endedAt === null).length + (one.segmentPatch?.endedAt ? -1 : 0);
          running += segmentsAfter - segmentsBefore;

          // seq counts 1, 2, 3 …
          if (['receive', 'answer', 'note'].includes(step.do)) seq += 1;
          expect(thread.lastSeq).toBe(seq);
          // The clock and the count of what is unread are the customer's side of it.
          if (step.do === 'receive') [waits, unread] = [waits ?? at, unread + 1];
          if (step.do === 'answer') [waits, unread] = [null, 0];
          if (step.do === 'resolve' && before.status !== 'resolved') waits = null;
          expect([thread.waitingSince, thread.unread]).toEqual([waits, unread]);
          // A session runs exactly while the conversation is not resolved, a segment exactly while somebody has it.
          expect(thread.sessionId !== null).toBe(thread.status !== 'resolved');
          expect(running).toBe(thread.assigneeId === null ? 0 : 1);
          // A resolved conversation is nobody's; a change of owner is a new version.
          if (thread.status === 'resolved') expect(thread.assigneeId).toBeNull();
          if (thread.assigneeId !== before.assigneeId)
            expect(thread.assignmentVersion).toBeGreaterThan(before.assignmentVersion);
          expect(thread.assignmentVersion).toBeGreaterThanOrEqual(before.assignmentVersion);

          // What routing was told is how it stands: an open conversation is somebody's or waits, the others are closed.
          for (const fact of one.routing.slice(facts)) {
            if (fact.type === 'work.created') routed.set('t', 'waits');
            if (fact.type === 'work.closed') routed.delete('t');
            if (fact.type === 'assignment.changed') routed.set('t', fact.data.agentId ?? 'nobody');
            expect('version' in fact.data && fact.data.version).toBe(thread.assignmentVersion);
          }
          const stands = thread.status === 'open' ? (thread.assigneeId ?? 'waits') : undefined;
          expect(routed.get('t')).toBe(stands);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('stamps the first human reply once per session, and the segment of who gave it', () => {
    const one = change(fresh());
    receive(one, draft('inbound', AT), context);
    assign(one, { agentId: 'anna', by: 'routing', byId: null, overCapacity: false, at: AT, newId });
    answer(one, draft('outbound', '2026-11-23T12:00:05.000Z'), 'bob');
    answer(one, draft('outbound', '2026-11-23T12:00:09.000Z'), 'anna');
    expect(one.newSessions).toMatchObject([{ firstReplyAt: '2026-11-23T12:00:05.000Z', firstReplyAgentId: 'bob' }]);
    expect(one.newSegments).toMatchObject([{ agentId: 'anna', firstReplyAt: '2026-11-23T12:00:09.000Z' }]);
  });
});
