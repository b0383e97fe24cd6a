import type { Agent, Presence } from '@huiliu/contracts';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from '../i18n/i18n';
import { useInbox } from '../inbox/store';
import { moveInMenu } from '../ui/menu';
import { changePresence } from './presence';

const STATUSES: readonly Presence[] = ['online', 'paused', 'away', 'offline'];
const REASONS = ['meal', 'rest', 'meeting', 'training'] as const;

/** My status with my figures. Going away asks why, by one more click. */
export function PresenceMenu({ me, onClose }: { me: Agent; onClose: () => void }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const conversations = useInbox((store) => store.inbox.conversations);
  const unanswered = [...conversations.values()].filter(
    ({ value }) => value.assignee?.id === me.id && value.status === 'open' && value.waitingSince !== null,
  ).length;

  useEffect(() => {
    menu.current?.querySelector<HTMLElement>('[aria-checked="true"]')?.focus();
  }, []);

  const choose = (status: Presence, reason?: string): void => {
    void changePresence(me, status, reason);
    onClose();
  };
  return (
    <div className="popover" onKeyDown={(event) => moveInMenu(event, menu.current, onClose)}>
      <header>
        <b>{me.name}</b>
        <span className="hint">{t(`settings.roles.${me.role}`)}</span>
      </header>
      <div className="counters">
        <div>
          <b>
            {me.load} / {me.capacity}
          </b>
          {t('presence.load')}
        </div>
        <div>
          <b>{unanswered}</b>
          {t('presence.unanswered')}
        </div>
      </div>
      <div
        className="menu"
        role="menu"
        aria-label={t('presence.label', { status: t(`presence.${me.presence.status}`) })}
        ref={menu}
      >
        {STATUSES.map((status) => (
          <div key={status} role="none">
            <button
              type="button"
              role="menuitemradio"
              aria-checked={me.presence.status === status}
              data-testid={`presence-${status}`}
              onClick={() => {
                if (status === 'away') void changePresence(me, 'away').then(() => setAsking(true));
                else choose(status);
              }}
            >
              <span className={`dot ${status}`} aria-hidden="true" />
              {t(`presence.${status}`)}
              <small>{t(`presence.${status}Help`)}</small>
            </button>
            {status === 'away' && (asking || me.presence.status === 'away') && (
              <div className="reasons" role="group" aria-label={t('presence.reason')}>
                {REASONS.map((reason) => (
                  <button
                    key={reason}
                    type="button"
                    role="menuitem"
                    className="tag"
                    onClick={() => choose('away', t(`presence.reasons.${reason}`))}
                  >
                    {t(`presence.reasons.${reason}`)}
                  </button>
                ))}
              </div>
            )}
          </div>
        ))}
      </div>
    </div>
  );
}
