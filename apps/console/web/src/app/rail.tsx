import type { Agent } from '@huiliu/contracts';
import { useRef, useState } from 'react';
import { NavLink } from 'react-router';
import { initialOf } from '../conversations/channel-badge';
import { useTranslation } from '../i18n/i18n';
import { Icon } from '../ui/icon';
import { useClosedOutside } from '../ui/menu';
import { PresenceMenu } from './presence-menu';

/** The far left: where one is, and how one is. */
export function Rail({ me }: { me: Agent | undefined }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const status = me?.presence.status ?? 'offline';
  useClosedOutside(open, '.popover, .me-button', () => setOpen(false));
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <nav className="rail" aria-label={t('app.mainNav')}>
      <span className="logo" aria-hidden="true">
        汇
      </span>
      <NavLink to="/" end>
        <Icon name="chat" />
        {t('app.conversations')}
      </NavLink>
      <NavLink to="/settings">
        <Icon name="gear" />
        {t('app.settings')}
      </NavLink>
      <span className="space" />
      <button
        ref={button}
        type="button"
        className="me-button"
        data-testid="presence-select"
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <span className="me" aria-hidden="true">
          {me ? initialOf(me.name) : '…'}
          <span className={`dot ${status}`} />
        </span>
        <span className="sr">{t('presence.label', { status: '' })}</span>
        <span>{t(`presence.${status}`)}</span>
      </button>
      {open && me && <PresenceMenu me={me} onClose={close} />}
    </nav>
  );
}
