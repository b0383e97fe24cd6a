import type { Content, Receipt } from '@huiliu/contracts';
import { type MessageDraft, PLAIN_DRAFT, type StoredMessage } from './message';

/** `platformType` of the line that a hand-over is in the record, by how far it has come; `key` is the servicer's id. */
const STEPS = {
  hand_over: '正在转给平台的接待人员',
  handed_over: '已转给平台的接待人员',
  handover_failed: '没有转成，平台的接待人员',
} as const;

/** An agent hands the conversation to a servicer of the platform's: what agents see of it; its outcome comes as a receipt. */
export function handoverDraft(
  id: string,
  by: { readonly id: string; readonly name: string },
  servicerId: string,
  now: Date,
): MessageDraft {
  return {
    ...PLAIN_DRAFT,
    id,
    direction: 'system',
    author: { type: 'agent', id: by.id, name: by.name },
    content: contentOf('hand_over', servicerId, null),
    state: 'received',
    isPublic: false,
    createdAt: now.toISOString(),
  };
}

/** The line after its outcome; any other message as it was. */
export function afterHandover(message: StoredMessage, { state, error }: Receipt): StoredMessage {
  const { content } = message;
  if (message.direction !== 'system' || content.kind !== 'event' || content.event.platformType !== 'hand_over')
    return message;
  if (state !== 'handed_over' && state !== 'handover_failed') return message;
  return { ...message, content: contentOf(state, content.event.key ?? '', error?.message ?? null), error };
}

function contentOf(step: keyof typeof STEPS, servicerId: string, why: string | null): Content {
  const text = [`${STEPS[step]} ${servicerId}`, ...(why === null ? [] : [why])].join('：');
  return { kind: 'event', text, event: { type: 'session_changed', key: servicerId, platformType: step } };
}
