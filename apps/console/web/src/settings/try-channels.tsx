import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { accounts as api } from '../api/endpoints';
import { registerAtSandbox, sandboxChannels, type SandboxChannel } from '../api/sandbox';
import { useTranslation, wordsOf } from '../i18n/i18n';
import { ChannelBadge } from '../ui/avatar';
import { Icon } from '../ui/icon';
import { moveInMenu, useClosedOutside } from '../ui/menu';
import { toast } from '../ui/toast';

/** A channel that is chosen here sets up an account that the sandbox plays. Where there is no sandbox (in production), there is nothing to see. */
export function TryChannels({ onSaved }: { readonly onSaved: () => Promise<void> }) {
  const { t, i18n } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const offered = useQuery({ queryKey: ['sandbox'], queryFn: ({ signal }) => sandboxChannels(signal), retry: false });
  useClosedOutside(open, '.try', () => setOpen(false));
  useEffect(() => {
    if (open) menu.current?.querySelector('button')?.focus();
  }, [open]);
  const nameOf = (one: SandboxChannel): string => one.name[i18n.language === 'en' ? 'en' : 'zh'];
  const begin = async (one: SandboxChannel): Promise<void> => {
    setBusy(true);
    try {
      const config = await registerAtSandbox(one.channel);
      await api.create({ channel: one.channel, name: t('settings.tryAccount', { channel: nameOf(one) }), config });
      await onSaved();
      toast(t('settings.tried'));
    } catch (error) {
      toast(t('app.failed', { why: wordsOf(t, error) }), 'bad');
    } finally {
      setBusy(false);
    }
  };
  const leave = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  if (!offered.data?.length) return null;
  return (
    <div
      className="try"
      onBlur={(event) =>
        event.currentTarget.contains(event.relatedTarget) || event.relatedTarget === null || setOpen(false)
      }
    >
      <button
        ref={button}
        type="button"
        className="plain"
        data-testid="try-channels"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-disabled={busy}
        onClick={() => setOpen(!open && !busy)}
      >
        {t('settings.tryInSandbox')}
        <Icon name="down" />
      </button>
      {open && (
        <div
          ref={menu}
          className="menu"
          role="menu"
          aria-label={t('settings.tryInSandbox')}
          onKeyDown={(event) => moveInMenu(event, menu.current, leave)}
        >
          {offered.data.map((one) => (
            <button
              key={one.channel}
              type="button"
              role="menuitem"
              data-testid={`try-${one.channel}`}
              onClick={() => {
                leave();
                void begin(one);
              }}
            >
              <ChannelBadge channel={one.channel} />
              {nameOf(one)}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
