import type { Agent } from '@huiliu/contracts';
import { useEffect, useState } from 'react';
import { useTranslation } from '../i18n/i18n';
import { useInbox } from '../inbox/store';
import { retryLink } from '../live/use-live';
import { useNow } from '../ui/use-now';
import { changePresence } from './presence';

/** A short cut is not worth a banner that jumps in and out. */
const PATIENCE_MS = 1200;

function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = (): void => setOnline(navigator.onLine);
    window.addEventListener('online', update);
    window.addEventListener('offline', update);
    return () => {
      window.removeEventListener('online', update);
      window.removeEventListener('offline', update);
    };
  }, []);
  return online;
}

/** Says when what is shown may be out of date. */
export function LinkBanner() {
  const { t } = useTranslation();
  const { state, retryAt, everLive } = useInbox((store) => store.link);
  const online = useOnline();
  const [late, setLate] = useState(false);
  const live = state === 'live';
  useNow();
  useEffect(() => {
    if (live) return setLate(false);
    const timer = setTimeout(() => setLate(true), everLive ? PATIENCE_MS : 3 * PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [live, everLive]);
  if (!online) return <Banner text={t('link.offline')} />;
  if (live || !late) return null;
  const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
  return (
    <Banner text={state === 'waiting' && seconds > 0 ? t('link.waiting', { n: seconds }) : t('link.connecting')}>
      <button type="button" className="quiet" onClick={retryLink}>
        {t('link.retry')}
      </button>
    </Banner>
  );
}

function Banner({ text, children }: { text: string; children?: React.ReactNode }) {
  return (
    <div className="banner bad" role="status">
      <span>{text}</span>
      {children}
    </div>
  );
}

/** Says when no work comes, and lets it come with one click. */
export function PresenceBanner({ me }: { me: Agent }) {
  const { t } = useTranslation();
  const { status, reason } = me.presence;
  if (status === 'online') return null;
  const text = {
    offline: t('presence.offlineBanner'),
    paused: t('presence.pausedBanner'),
    away: t('presence.awayBanner', { reason: reason === null ? '' : ` (${reason})` }),
  }[status];
  return (
    <div className="banner">
      <span>{text}</span>
      <button
        type="button"
        className="primary"
        data-testid="go-online"
        onClick={() => void changePresence(me, 'online')}
      >
        {t('presence.goOnline')}
      </button>
    </div>
  );
}
