import { useTranslation } from '../i18n/i18n';
import { badgeClass, initialOf } from '../conversations/channel-badge';

/** A channel's badge: its letter on its colour; the name is said to screen readers. */
export function ChannelBadge({ channel }: { channel: string }) {
  const { t } = useTranslation();
  return (
    <span className={`ch ${badgeClass(channel)}`} aria-hidden="true">
      {t(`channel.badge.${channel}`, { defaultValue: channel.slice(0, 1).toUpperCase() })}
    </span>
  );
}

export function Avatar({ name, channel, large }: { name: string; channel?: string; large?: boolean }) {
  return (
    <span className={large ? 'av large' : 'av'} aria-hidden="true">
      {initialOf(name)}
      {channel !== undefined && <ChannelBadge channel={channel} />}
    </span>
  );
}

/** A channel's name in the page's language, or its own where none is known. */
export function useChannelName(): (channel: string) => string {
  const { t } = useTranslation();
  return (channel) => t(`channel.${channel}`, { defaultValue: channel });
}
