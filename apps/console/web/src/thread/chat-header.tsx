import type { Agent, Conversation } from '@huiliu/contracts';
import { useState } from 'react';
import { conversations } from '../api/endpoints';
import { useTranslation } from '../i18n/i18n';
import { act } from '../inbox/actions';
import { useAccounts } from '../inbox/queries';
import { useChannelName } from '../ui/avatar';
import { contactName } from '../ui/contact-name';
import { Icon } from '../ui/icon';
import { useNow } from '../ui/use-now';
import { SnoozeDialog } from './snooze-dialog';
import { durationOf } from './duration';
import { TransferDialog } from './transfer-dialog';

interface HeaderProps {
  readonly conversation: Conversation;
  readonly me: Agent;
  readonly onClose: () => void;
}

export function ChatHeader({ conversation, me, onClose }: HeaderProps) {
  const { t } = useTranslation();
  const [dialog, setDialog] = useState<'transfer' | 'snooze' | null>(null);
  const [busy, setBusy] = useState(false);
  const { id, status, assignee } = conversation;
  const run = (work: Parameters<typeof act>[0], done: string): void => {
    setBusy(true);
    void act(work, done).finally(() => setBusy(false));
  };
  return (
    <header>
      <button type="button" className="square back" aria-label={t('thread.back')} onClick={onClose}>
        <Icon name="back" />
      </button>
      <div>
        <h1>{contactName(t, conversation.contact)}</h1>
        <small>
          <Facts conversation={conversation} />
        </small>
      </div>
      <div className="acts">
        {assignee?.id !== me.id && status !== 'resolved' && (
          <button
            type="button"
            className={assignee === null ? 'primary' : 'plain'}
            data-testid="assign-me"
            disabled={busy}
            onClick={() => run(() => conversations.assign(id, me.id), t('act.done.assignMe'))}
          >
            {t('act.assignMe')}
          </button>
        )}
        {status !== 'resolved' && (
          <button
            type="button"
            className="plain"
            data-testid="transfer"
            disabled={busy}
            onClick={() => setDialog('transfer')}
          >
            {t('act.transfer')}
          </button>
        )}
        {status === 'open' && (
          <button
            type="button"
            className="plain"
            data-testid="snooze"
            disabled={busy}
            onClick={() => setDialog('snooze')}
          >
            {t('act.snooze')}
          </button>
        )}
        {status !== 'open' && (
          <button
            type="button"
            className={status === 'resolved' ? 'primary' : 'plain'}
            data-testid="reopen"
            disabled={busy}
            onClick={() => run(() => conversations.reopen(id), t('act.done.reopen'))}
          >
            {t('act.reopen')}
          </button>
        )}
        {status !== 'resolved' && (
          <button
            type="button"
            className={assignee === null ? 'plain' : 'primary'}
            data-testid="resolve"
            disabled={busy}
            onClick={() => run(() => conversations.resolve(id), t('act.done.resolve'))}
          >
            {t('act.resolve')}
          </button>
        )}
      </div>
      {dialog === 'transfer' && <TransferDialog conversation={conversation} onClose={() => setDialog(null)} />}
      {dialog === 'snooze' && <SnoozeDialog conversation={conversation} onClose={() => setDialog(null)} />}
    </header>
  );
}

/** Channel, account, how long this session has lasted, and who has it. */
function Facts({ conversation }: { conversation: Conversation }) {
  const { t } = useTranslation();
  const channelName = useChannelName();
  const { byId } = useAccounts();
  const now = useNow();
  const { session, assignee, status } = conversation;
  const parts = [
    channelName(conversation.channel),
    byId.get(conversation.accountId)?.name,
    session
      ? t('thread.session', { time: durationOf(t, now - Date.parse(session.startedAt)) })
      : t('thread.sessionNone'),
    status === 'open'
      ? assignee
        ? t('thread.assignee', { name: assignee.name })
        : t('thread.nobody')
      : t(`list.${status}`),
  ];
  return parts.filter((part) => part !== undefined && part !== '').join(' · ');
}
