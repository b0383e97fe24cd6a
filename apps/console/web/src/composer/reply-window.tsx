import type { Conversation } from '@huiliu/contracts';
import { useTranslation } from '../i18n/i18n';
import { durationOf } from '../thread/duration';
import { useNow } from '../ui/use-now';

/** What a platform still lets us write; `shown` is false where it sets no limit. */
export interface ReplyWindow {
  readonly shown: boolean;
  readonly closed: boolean;
  readonly leftMs: number;
  readonly remaining: number | null;
}

export function useReplyWindow({ replyWindow }: Conversation): ReplyWindow {
  const now = useNow();
  if (replyWindow === null) return { shown: false, closed: false, leftMs: 0, remaining: null };
  const leftMs = Date.parse(replyWindow.expiresAt) - now;
  return { shown: true, closed: leftMs <= 0 || replyWindow.remaining === 0, leftMs, remaining: replyWindow.remaining };
}

export function WindowNotice({ window }: { window: ReplyWindow }) {
  const { t } = useTranslation();
  if (!window.shown) return null;
  if (window.closed) return <span className="win closed">{t('composer.windowClosed')}</span>;
  return (
    <span className="win">
      {t('composer.window')} <b>{t('composer.windowLeft', { time: durationOf(t, window.leftMs) })}</b>
      {window.remaining !== null && (
        <>
          {' · '}
          <b>{t('composer.windowMessages', { n: window.remaining })}</b>
        </>
      )}
    </span>
  );
}
