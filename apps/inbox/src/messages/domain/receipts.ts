import type { MessageState, Receipt } from '@huiliu/contracts';
import { afterHandover } from './handover';
import type { StoredMessage } from './message';

/** What a receipt does to a message. */
export interface Outcome {
  /** The message after it; the same object when nothing changed. */
  readonly message: StoredMessage;
  /** The attempt was certainly refused: its reply-window spends go back, but for so many parts that had gone out. */
  readonly refund: { readonly attempt: number; readonly sent: number } | null;
  /** The platform says that nothing more may be written. */
  readonly exhausted: boolean;
}

const RANK: Partial<Record<MessageState, number>> = { queued: 0, sent: 1, delivered: 2, read: 3 };

/**
 * States only advance: queued → sent → delivered → read; `failed` may follow `sent`; any proof ends `unknown`. What is told of an older attempt
 * changes no state, but its remote ids are kept: more may be told by them.
 */
export function applyReceipt(message: StoredMessage, receipt: Receipt): Outcome {
  const unchanged = { message, refund: null, exhausted: false };
  if (message.direction === 'system') return { ...unchanged, message: afterHandover(message, receipt) };
  if (message.direction !== 'outbound') return unchanged;
  const known = withRemoteIds(message, receipt);
  if (receipt.attempt !== null && receipt.attempt < message.attempt) return { ...unchanged, message: known };
  switch (receipt.state) {
    case 'accepted':
      if (message.state !== 'queued' && message.state !== 'unknown') return { ...unchanged, message: known };
      return { ...unchanged, message: { ...known, state: 'sent', error: null, failedPart: null } };
    case 'delivered':
    case 'read':
      return { ...unchanged, message: proven(message, known, receipt, receipt.state) };
    case 'failed':
      return failed(message, known, receipt);
    case 'unknown':
      if (message.state !== 'queued') return { ...unchanged, message: known };
      return {
        ...unchanged,
        message: {
          ...known,
          state: 'unknown',
          error: receipt.error,
          failedPart: receipt.failedPart ?? message.failedPart,
        },
      };
    case 'recalled':
      return { ...unchanged, message: { ...known, recalledAt: message.recalledAt ?? receipt.at } };
    case 'recall_failed':
      return { ...unchanged, message: { ...known, error: receipt.error } };
    case 'handed_over':
    case 'handover_failed':
      return unchanged;
  }
}

/** A message that its customer has read because a later one was. */
export function readBefore(message: StoredMessage): StoredMessage {
  return { ...message, state: 'read' };
}

function proven(
  message: StoredMessage,
  known: StoredMessage,
  receipt: Receipt,
  state: 'delivered' | 'read',
): StoredMessage {
  if (message.state === 'failed') return known;
  // A part of a split text proves itself alone; the last one proves all, since they went out in order.
  const isPart = receipt.remoteId !== null && message.remoteIds.includes(receipt.remoteId);
  if (message.state === 'unknown') return isPart ? known : { ...known, state, error: null, failedPart: null };
  if (isPart && receipt.remoteId !== message.remoteIds.at(-1)) return known;
  return (RANK[state] ?? 0) > (RANK[message.state] ?? 0) ? { ...known, state, error: null, failedPart: null } : known;
}

function failed(message: StoredMessage, known: StoredMessage, receipt: Receipt): Outcome {
  const exhausted = receipt.error?.kind === 'window_closed';
  const untold = message.state === 'queued' || message.state === 'unknown';
  if (!untold && message.state !== 'sent') return { message: known, refund: null, exhausted };
  const from = message.failedPart ?? 1;
  const failedPart = receipt.failedPart ?? message.failedPart;
  // What a platform took and gave back later was written all the same: only an attempt that was still open is paid back.
  const refund = untold ? { attempt: message.attempt, sent: Math.max(0, (receipt.failedPart ?? from) - from) } : null;
  return {
    message: { ...known, state: 'failed', error: receipt.error, failedPart: untold ? failedPart : null },
    refund,
    exhausted,
  };
}

function withRemoteIds(message: StoredMessage, receipt: Receipt): StoredMessage {
  const told =
    receipt.state === 'recalled' || receipt.state === 'recall_failed'
      ? []
      : [...receipt.remoteIds, ...(receipt.remoteId === null ? [] : [receipt.remoteId])];
  const remoteIds = [...new Set([...message.remoteIds, ...told])];
  if (remoteIds.length === message.remoteIds.length) return message;
  return { ...message, remoteIds, remoteId: message.remoteId ?? remoteIds[0] ?? null };
}
