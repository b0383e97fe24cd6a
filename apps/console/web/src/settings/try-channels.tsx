import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { accounts as api } from '../api/endpoints';
import { registerAtSandbox, sandboxChannels, type SandboxChannel } from '../api/sandbox';
import { useTranslation, wordsOf } from '../i18n/i18n';
import { toast } from '../ui/toast';

/** One click sets up an account that the sandbox plays. Where there is no sandbox (in production), there is nothing to see. */
export function TryChannels({ onSaved }: { readonly onSaved: () => Promise<void> }) {
  const { t, i18n } = useTranslation();
  const [busy, setBusy] = useState(false);
  const offered = useQuery({ queryKey: ['sandbox'], queryFn: ({ signal }) => sandboxChannels(signal), retry: false });
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
  return offered.data?.map((one) => (
    <button
      key={one.channel}
      type="button"
      className="plain"
      data-testid={`try-${one.channel}`}
      disabled={busy}
      onClick={() => void begin(one)}
    >
      {t('settings.tryChannel', { channel: nameOf(one) })}
    </button>
  ));
}
