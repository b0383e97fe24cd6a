import type { Team } from '@huiliu/contracts';
import { Form, Input, InputNumber, Select, Switch } from 'antd';
import { useState } from 'react';
import { teams as api, type TeamInput } from '../api/endpoints';
import { queryClient } from '../app/query-client';
import { useTranslation } from '../i18n/i18n';
import { useAccounts, useAgents, useTeams } from '../inbox/queries';
import { Dialog } from '../ui/dialog';
import { showErrors } from './form-errors';
import { PageTitle } from './page-title';
import { QueryState } from './query-state';

/** Who shares a queue, and for which accounts. */
export function TeamsPage() {
  const { t } = useTranslation();
  const teams = useTeams();
  const [open, setOpen] = useState<Team | 'new' | null>(null);
  return (
    <>
      <PageTitle title={t('settings.teams')}>
        <button type="button" className="primary" data-testid="add-team" onClick={() => setOpen('new')}>
          {t('settings.addTeam')}
        </button>
      </PageTitle>
      <QueryState query={teams} />
      {teams.data?.items.length === 0 && (
        <div className="empty">
          <strong>{t('settings.noTeams')}</strong>
          <p>{t('settings.noTeamsHelp')}</p>
        </div>
      )}
      {teams.data?.items.map((team) => (
        <section key={team.id} className="tile" data-testid="team" aria-label={team.name}>
          <header>
            <h3>{team.name}</h3>
            <div className="acts">
              <button type="button" className="plain" onClick={() => setOpen(team)}>
                {t('app.edit')}
              </button>
            </div>
          </header>
          <p className="meta">
            {t('settings.membersCount', { n: team.agentIds.length })} ·{' '}
            {t('settings.accountsCount', { n: team.accountIds.length })} ·{' '}
            {team.acceptSeconds === null ? t('settings.directly') : t('settings.withOffer', { n: team.acceptSeconds })}
          </p>
        </section>
      ))}
      {open !== null && <TeamDialog team={open === 'new' ? null : open} onClose={() => setOpen(null)} />}
    </>
  );
}

const INPUTS = new Set(['name', 'agentIds', 'accountIds', 'acceptSeconds', 'ownOnly']);

function TeamDialog({ team, onClose }: { team: Team | null; onClose: () => void }) {
  const { t } = useTranslation();
  const agents = useAgents();
  const accounts = useAccounts();
  const [form] = Form.useForm<TeamInput>();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async (values: TeamInput): Promise<void> => {
    setBusy(true);
    setProblem(null);
    const input = { ...values, acceptSeconds: values.acceptSeconds ?? null };
    try {
      await (team ? api.update(team.id, input) : api.create(input));
      await queryClient.invalidateQueries({ queryKey: ['teams'] });
      onClose();
    } catch (error) {
      setProblem(showErrors(t, form, error, (path) => (INPUTS.has(path.split('.')[0]!) ? path.split('.')[0]! : null)));
      setBusy(false);
    }
  };
  return (
    <Dialog title={team ? t('settings.editTeam', { name: team.name }) : t('settings.newTeam')} onClose={onClose}>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={
          team
            ? {
                name: team.name,
                agentIds: team.agentIds,
                accountIds: team.accountIds,
                acceptSeconds: team.acceptSeconds,
                ownOnly: team.ownOnly,
              }
            : { agentIds: [], accountIds: [], acceptSeconds: null, ownOnly: false }
        }
        onFinish={(values) => void save(values)}
      >
        <div role="alert">{problem !== null && <p className="problem">{problem}</p>}</div>
        <Form.Item
          name="name"
          label={t('settings.teamName')}
          rules={[
            { required: true, whitespace: true, message: t('settings.required', { title: t('settings.teamName') }) },
          ]}
        >
          <Input maxLength={64} data-testid="team-name" />
        </Form.Item>
        <Form.Item name="agentIds" label={t('settings.members')}>
          <Select
            mode="multiple"
            showSearch={{ optionFilterProp: 'label' }}
            options={[...agents.byId.values()].map((agent) => ({ value: agent.id, label: agent.name }))}
          />
        </Form.Item>
        <Form.Item name="accountIds" label={t('settings.teamAccounts')}>
          <Select
            mode="multiple"
            showSearch={{ optionFilterProp: 'label' }}
            options={[...accounts.byId.values()].map((account) => ({ value: account.id, label: account.name }))}
          />
        </Form.Item>
        <Form.Item name="acceptSeconds" label={t('settings.acceptSeconds')} extra={t('settings.acceptHelp')}>
          <InputNumber min={1} max={3600} precision={0} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="ownOnly" label={t('settings.ownOnly')} valuePropName="checked">
          <Switch />
        </Form.Item>
        <div className="buttons">
          <button type="button" className="plain" onClick={onClose}>
            {t('app.cancel')}
          </button>
          <button type="submit" className="primary" data-testid="team-save" disabled={busy}>
            {t('app.save')}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
