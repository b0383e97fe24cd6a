import type { Agent } from '@huiliu/contracts';
import { Form, Input, InputNumber, Select, Switch } from 'antd';
import { useState } from 'react';
import { agents as api, type AgentInput } from '../api/endpoints';
import { queryClient } from '../app/query-client';
import { useTranslation } from '../i18n/i18n';
import { useAgents } from '../inbox/queries';
import { Dialog } from '../ui/dialog';
import { showErrors } from './form-errors';
import { PageTitle } from './page-title';
import { QueryState } from './query-state';

const ROLES: readonly Agent['role'][] = ['agent', 'supervisor', 'admin'];

/** Who answers, with what rights and how much at a time. */
export function AgentsPage() {
  const { t } = useTranslation();
  const agents = useAgents();
  const [open, setOpen] = useState<Agent | 'new' | null>(null);
  return (
    <>
      <PageTitle title={t('settings.agents')}>
        <button type="button" className="primary" data-testid="add-agent" onClick={() => setOpen('new')}>
          {t('settings.addAgent')}
        </button>
      </PageTitle>
      <QueryState query={agents} />
      {agents.data && (
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">{t('settings.name')}</th>
              <th scope="col">{t('settings.username')}</th>
              <th scope="col">{t('settings.role')}</th>
              <th scope="col">{t('settings.presence')}</th>
              <th scope="col">{t('settings.load')}</th>
              <th scope="col">
                <span className="sr">{t('app.edit')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {agents.data.items.map((agent) => (
              <tr key={agent.id} data-testid="agent">
                <td>
                  {agent.name} {agent.disabled && <span className="tag bad">{t('settings.disabled')}</span>}
                </td>
                <td>{agent.username}</td>
                <td>{t(`settings.roles.${agent.role}`)}</td>
                <td>
                  <span className={`dot ${agent.presence.status}`} aria-hidden="true" />{' '}
                  {t(`presence.${agent.presence.status}`)}
                </td>
                <td>
                  {agent.load} / {agent.capacity}
                </td>
                <td>
                  <button
                    type="button"
                    className="quiet"
                    aria-label={t('settings.editAgent', { name: agent.name })}
                    onClick={() => setOpen(agent)}
                  >
                    {t('app.edit')}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {open !== null && <AgentDialog agent={open === 'new' ? null : open} onClose={() => setOpen(null)} />}
    </>
  );
}

const INPUTS = new Set(['username', 'name', 'password', 'role', 'capacity', 'disabled']);

function AgentDialog({ agent, onClose }: { agent: Agent | null; onClose: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<AgentInput>();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async (values: AgentInput): Promise<void> => {
    setBusy(true);
    setProblem(null);
    const { password, ...rest } = values;
    const input = password ? { ...rest, password } : rest;
    try {
      await (agent ? api.update(agent.id, input) : api.create(input));
      await queryClient.invalidateQueries({ queryKey: ['agents'] });
      onClose();
    } catch (error) {
      setProblem(showErrors(t, form, error, (path) => (INPUTS.has(path) ? path : null)));
      setBusy(false);
    }
  };
  const needed = (key: 'name' | 'username' | 'password' | 'capacity') => [
    { required: true, message: t('settings.required', { title: t(`settings.${key}`) }) },
  ];
  return (
    <Dialog title={agent ? t('settings.editAgent', { name: agent.name }) : t('settings.newAgent')} onClose={onClose}>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        autoComplete="off"
        initialValues={
          agent
            ? {
                name: agent.name,
                username: agent.username,
                role: agent.role,
                capacity: agent.capacity,
                disabled: agent.disabled,
              }
            : { role: 'agent', capacity: 10 }
        }
        onFinish={(values) => void save(values)}
      >
        <div role="alert">{problem !== null && <p className="problem">{problem}</p>}</div>
        <Form.Item name="name" label={t('settings.name')} rules={needed('name')}>
          <Input maxLength={64} data-testid="agent-name" />
        </Form.Item>
        <Form.Item name="username" label={t('settings.username')} rules={needed('username')}>
          <Input maxLength={64} autoComplete="off" spellCheck={false} data-testid="agent-username" />
        </Form.Item>
        <Form.Item
          name="password"
          label={agent ? t('settings.newPassword') : t('settings.password')}
          extra={t('settings.passwordHelp')}
          rules={agent ? [] : needed('password')}
        >
          <Input.Password
            autoComplete="new-password"
            placeholder={agent ? t('settings.passwordKept') : undefined}
            data-testid="agent-password"
          />
        </Form.Item>
        <Form.Item name="role" label={t('settings.role')}>
          <Select options={ROLES.map((value) => ({ value, label: t(`settings.roles.${value}`) }))} />
        </Form.Item>
        <Form.Item
          name="capacity"
          label={t('settings.capacity')}
          extra={t('settings.capacityHelp')}
          rules={needed('capacity')}
        >
          <InputNumber min={0} max={500} precision={0} style={{ width: '100%' }} />
        </Form.Item>
        {agent && (
          <Form.Item
            name="disabled"
            label={t('settings.disabled')}
            extra={t('settings.disabledHelp')}
            valuePropName="checked"
          >
            <Switch />
          </Form.Item>
        )}
        <div className="buttons">
          <button type="button" className="plain" onClick={onClose}>
            {t('app.cancel')}
          </button>
          <button type="submit" className="primary" data-testid="agent-save" disabled={busy}>
            {t('app.save')}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
