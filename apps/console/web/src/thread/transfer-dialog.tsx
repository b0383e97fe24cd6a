import type { Conversation } from '@huiliu/contracts';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { conversations } from '../api/endpoints';
import { useTranslation, wordsOf } from '../i18n/i18n';
import { act } from '../inbox/actions';
import { useAgents, useChannels, useTeams } from '../inbox/queries';
import { Dialog } from '../ui/dialog';

type Target = 'agent' | 'team' | 'servicer';
const NAMES = { agent: 'act.toAgent', team: 'act.toTeam', servicer: 'act.toServicer' } as const;

/** Hands a conversation to a colleague, to a team's queue or, where the channel has them, to a servicer of the platform's own tool. */
export function TransferDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Target>('agent');
  const [target, setTarget] = useState('');
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const agents = useAgents();
  const teams = useTeams();
  const channels = useChannels();
  const definition = channels.data?.items.find(({ channel }) => channel === conversation.channel);
  const targets: readonly Target[] = definition?.handover === true ? ['agent', 'team', 'servicer'] : ['agent', 'team'];
  const servicers = useQuery({
    // Who receives changes by the minute: asked each time that somebody wants to know.
    queryKey: ['servicers', conversation.id],
    queryFn: ({ signal }) => conversations.servicers(conversation.id, signal),
    enabled: kind === 'servicer',
    gcTime: 0,
    retry: false,
  });
  const rank = { online: 0, paused: 1, away: 2, offline: 3 };
  const colleagues = [...agents.byId.values()]
    .filter((agent) => !agent.disabled && agent.id !== conversation.assignee?.id)
    .sort((a, b) => rank[a.presence.status] - rank[b.presence.status] || a.load - b.load);
  const options = {
    agent: () =>
      colleagues.map((agent) => ({
        id: agent.id,
        name: agent.name,
        label: `${agent.name} · ${t(`presence.${agent.presence.status}`)} · ${agent.load}/${agent.capacity}`,
        disabled: false,
      })),
    team: () =>
      [...teams.byId.values()].map((team) => ({ id: team.id, name: team.name, label: team.name, disabled: false })),
    servicer: () =>
      (servicers.data?.items ?? []).map(({ id, name, available }) => ({
        id,
        name,
        label: available ? name : `${name} · ${t('act.stopped')}`,
        disabled: !available,
      })),
  }[kind]();

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const to = options.find((option) => option.id === target);
    if (!to) return;
    setBusy(true);
    const { id } = conversation;
    const said = note.trim() === '' ? {} : { note: note.trim() };
    const done =
      kind === 'servicer'
        ? await act(
            () => conversations.handOver(id, { servicerId: to.id, ...said }),
            t('act.done.handover', { name: to.name }),
          )
        : await act(
            () =>
              conversations.transfer(id, { ...(kind === 'agent' ? { agentId: to.id } : { teamId: to.id }), ...said }),
            t('act.done.transfer', { name: to.name }),
          );
    setBusy(false);
    if (done) onClose();
  };
  return (
    <Dialog title={t('act.transfer')} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <div className="segments" role="group" aria-label={t('act.transferTo')}>
          {targets.map((name) => (
            <button
              key={name}
              type="button"
              data-testid={`transfer-to-${name}`}
              aria-pressed={kind === name}
              onClick={() => {
                setKind(name);
                setTarget('');
              }}
            >
              {t(NAMES[name])}
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
            <option value="">{options.length > 0 || servicers.isFetching ? t('act.pick') : t('act.noTargets')}</option>
            {options.map((option) => (
              <option key={option.id} value={option.id} disabled={option.disabled}>
                {option.label}
              </option>
            ))}
          </select>
          {kind === 'servicer' && servicers.error !== null && (
            <p className="problem" role="alert">
              {wordsOf(t, servicers.error)}
            </p>
          )}
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
