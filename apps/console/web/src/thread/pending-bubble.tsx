import { useTranslation } from '../i18n/i18n';
import { sendQueue } from '../inbox/actions';
import type { Pending } from '../inbox/send-queue';
import { secondsTime } from '../ui/times';

/** What was written here and is on its way to the server; the stored message takes its place. */
export function PendingBubble({ pending }: { pending: Pending }) {
  const { t, i18n } = useTranslation();
  const failed = pending.state === 'failed';
  return (
    <div
      className={pending.direction === 'note' ? 'm n' : 'm o'}
      data-testid="message-bubble"
      data-key={pending.clientId}
      data-state={pending.state}
      data-direction={pending.direction}
    >
      <div className="say">{pending.label ?? pending.content.text}</div>
      <div className={failed ? 'meta f' : 'meta'} role={failed ? 'alert' : undefined}>
        {secondsTime(pending.createdAt, i18n.language)} ·{' '}
        {failed ? `${t('bubble.notSent')}${t('app.colon')}${pending.error ?? ''}` : t('bubble.sending')}
        {failed && pending.repeatable && (
          <button type="button" onClick={() => sendQueue.retry(pending.clientId)}>
            {t('bubble.retry')}
          </button>
        )}
        {failed && (
          <button type="button" onClick={() => sendQueue.discard(pending.clientId)}>
            {t('bubble.discard')}
          </button>
        )}
      </div>
    </div>
  );
}
