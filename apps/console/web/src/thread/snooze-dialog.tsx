import type { Conversation } from '@huiliu/contracts';
import { useState, type FormEvent } from 'react';
import { conversations } from '../api/endpoints';
import { serverNow } from '../api/http';
import { useTranslation } from '../i18n/i18n';
import { act } from '../inbox/actions';
import { Dialog } from '../ui/dialog';

const HOUR = 3_600_000;

/** Nine in the morning, so many days from now. */
function morning(days: number): number {
  const at = new Date(serverNow());
  at.setDate(at.getDate() + days);
  return at.setHours(9, 0, 0, 0);
}

const CHOICES: readonly { key: 'in1h' | 'in3h' | 'tomorrow' | 'nextMonday'; at: () => number }[] = [
  { key: 'in1h', at: () => serverNow() + HOUR },
  { key: 'in3h', at: () => serverNow() + 3 * HOUR },
  { key: 'tomorrow', at: () => morning(1) },
  { key: 'nextMonday', at: () => morning((8 - new Date(serverNow()).getDay()) % 7 || 7) },
];

/** Puts a conversation aside until a time. */
export function SnoozeDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const { t } = useTranslation();
  const [custom, setCustom] = useState('');
  const [past, setPast] = useState(false);
  const snooze = async (until: number): Promise<void> => {
    if (await act(() => conversations.snooze(conversation.id, new Date(until).toISOString()), t('act.done.snooze')))
      onClose();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const until = new Date(custom).getTime();
    if (!(until > serverNow())) return setPast(true);
    void snooze(until);
  };
  return (
    <Dialog title={t('act.snoozeUntil')} onClose={onClose}>
      <div className="uploads">
        {CHOICES.map(({ key, at }) => (
          <button
            key={key}
            type="button"
            className="plain"
            data-testid={`snooze-${key}`}
            onClick={() => void snooze(at())}
          >
            {t(`act.${key}`)}
          </button>
        ))}
      </div>
      <form onSubmit={submit} style={{ marginTop: 16 }}>
        <label className="field">
          <span>{t('act.custom')}</span>
          <input
            className="input"
            type="datetime-local"
            value={custom}
            onChange={(event) => setCustom(event.target.value)}
            aria-invalid={past}
          />
        </label>
        {past && (
          <p className="problem" role="alert">
            {t('act.past')}
          </p>
        )}
        <div className="buttons">
          <button type="button" className="plain" onClick={onClose}>
            {t('app.cancel')}
          </button>
          <button type="submit" className="primary" disabled={custom === ''}>
            {t('act.snoozeSubmit')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
