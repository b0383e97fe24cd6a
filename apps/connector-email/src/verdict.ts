import type { PlatformReceipt } from '@huiliu/connector-kit';
import type { definition } from './definition';
import type { OwnIds } from './ids';
import { parseBounce } from './mime/bounce';
import type { BouncedRecipient } from './mime/bounce-text';
import { automaticOf } from './mime/loops';
import type { ParsedMail } from './mime/parse-mail';

/** What is to be done with a mail. */
export type Verdict =
  /** Our own mail come back, or a word on one of ours that changes nothing. */
  | { readonly do: 'leave'; readonly why: string }
  /** Word that one of ours did not arrive. */
  | { readonly do: 'receipt'; readonly receipt: PlatformReceipt<typeof definition> }
  | { readonly do: 'show' };

const SHOW: Verdict = { do: 'show' };

/** Judges a mail by whose it is. What speaks of a mail that is not ours is shown like any other: nothing is dropped that we cannot place. */
export function judge(mail: ParsedMail, ids: OwnIds, arrivedAt: Date): Verdict {
  if (mail.messageId !== null && ids.read(mail.messageId) !== null)
    return { do: 'leave', why: 'a mail of ours has come back' };
  if (automaticOf(mail) !== 'bounce') return SHOW;
  const bounce = parseBounce(mail);
  const original = bounce?.originalMessageId ?? null;
  if (bounce === null || original === null || ids.read(original) === null) return SHOW;
  if (!bounce.permanent) return { do: 'leave', why: 'delivery of a mail of ours is delayed' };
  const failed = bounce.recipients.find(({ action }) => action === 'failed');
  return {
    do: 'receipt',
    receipt: {
      remoteId: original,
      state: 'failed',
      error: {
        kind: 'rejected',
        code: failed?.status ?? '5.0.0',
        message: reasonOf(failed),
      },
      at: arrivedAt.toISOString(),
    },
  };
}

function reasonOf(recipient: BouncedRecipient | undefined): string {
  const parts = [recipient?.address, recipient?.diagnostic || recipient?.status].filter(
    (part) => part !== undefined && part !== null && part !== '',
  );
  return parts.length === 0 ? 'undeliverable' : parts.join(': ');
}
