import type { Conversation } from '@huiliu/contracts';
import { useState, type FormEvent } from 'react';
import { conversations } from '../api/endpoints';
import { useTranslation } from '../i18n/i18n';
import { act } from '../inbox/actions';
import { useAgents, useTeams } from '../inbox/queries';
import { Dialog } from '../ui/dialog';

/** Hands a conversation to a colleague or to a team's queue. */
export function TransferDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<'agent' | 'team'>('agent');
  const [target, setTarget] = useState('');
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const agents = useAgents();
  const teams = useTeams();
  const rank = { online: 0, paused: 1, away: 2, offline: 3 };
  const colleagues = [...agents.byId.values()]
    .filter((agent) => !agent.disabled && agent.id !== conversation.assignee?.id)
    .sort((a, b) => rank[a.presence.status] - rank[b.presence.status] || a.load - b.load);
  const options =
    kind === 'agent'
      ? colleagues.map((agent) => ({
          id: agent.id,
          name: agent.name,
          label: `${agent.name} · ${t(`presence.${agent.presence.status}`)} · ${agent.load}/${agent.capacity}`,
        }))
      : [...teams.byId.values()].map((team) => ({ id: team.id, name: team.name, label: team.name }));

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const to = options.find((option) => option.id === target);
    if (!to) return;
    setBusy(true);
    const body = {
      ...(kind === 'agent' ? { agentId: to.id } : { teamId: to.id }),
      ...(note.trim() === '' ? {} : { note: note.trim() }),
    };
    const done = await act(
      () => conversations.transfer(conversation.id, body),
      t('act.done.transfer', { name: to.name }),
    );
    setBusy(false);
    if (done) onClose();
  };
  return (
    <Dialog title={t('act.transfer')} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <div className="segments" role="group" aria-label={t('act.transferTo')}>
          {(['agent', 'team'] as const).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={kind === name}
              onClick={() => {
                setKind(name);
                setTarget('');
              }}
            >
              {t(name === 'agent' ? 'act.toAgent' : 'act.toTeam')}
            </button>
          ))}
        </div>
        <label className="field">
          <span>{t('act.transferTo')}</span>
          <select
            className="input"
            data-testid="transfer-target"
            value={target}
            onChange={(event) => setTarget(event.target.value)}
          >
            <option value="">{options.length === 0 ? t('act.noTargets') : t('act.pick')}</option>
            {options.map((option) => (
              <option key={option.id} value={option.id}>
                {option.label}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>
            {t('act.transferNote')} ({t('app.optional')})
          </span>
          <textarea
            className="input"
            rows={3}
            maxLength={2000}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        </label>
        <div className="buttons">
          <button type="button" className="plain" onClick={onClose}>
            {t('app.cancel')}
          </button>
          <button type="submit" className="primary" data-testid="transfer-submit" disabled={busy || target === ''}>
            {t('act.transferSubmit')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
