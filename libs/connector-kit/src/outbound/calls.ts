import type { Content, SendCommand } from '@huiliu/contracts';
import { ConnectorError } from '../contract/errors';
import type { SendPart } from '../contract/sending';
import { partKey } from '../domain/plan';

export const CALL_MS = 30_000;

/** What the connector threw, told apart from what the database throws. */
export class CallFailed extends Error {
  constructor(override readonly cause: unknown) {
    super('the call failed');
  }
}

/** One call to a platform; after `callMs` its end is not known. */
export async function within<T>(callMs: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const control = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new ConnectorError(
          'outcome_unknown',
          'timeout',
          'the platform did not answer in time; whether it took the message is not known',
        ),
      );
      control.abort();
    }, callMs);
  });
  try {
    return await Promise.race([call(control.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One piece of a message as a connector gets it. */
export function partOf(command: SendCommand, content: Content, part: number, parts: number): SendPart {
  const {
    messageId,
    attempt,
    conversationId,
    remoteConversationId,
    remoteContactId,
    inReplyTo,
    authorType,
    authorName,
    mail,
  } = command;
  return {
    messageId,
    attempt,
    conversationId,
    remoteConversationId,
    remoteContactId,
    inReplyTo,
    authorType,
    authorName,
    content,
    part,
    parts,
    key: partKey(messageId, part, parts),
    ...(mail === undefined ? {} : { mail }),
  };
}
