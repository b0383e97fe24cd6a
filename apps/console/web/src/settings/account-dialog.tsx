import type { Account, ChannelDefinition } from '@huiliu/contracts';
import { Form, Input, InputNumber, Select, Switch } from 'antd';
import { useMemo, useState } from 'react';
import { accounts as api } from '../api/endpoints';
import { useTranslation } from '../i18n/i18n';
import { useChannelName } from '../ui/avatar';
import { Dialog } from '../ui/dialog';
import { showErrors } from './form-errors';
import { configOf, fieldOfError, fieldsOf, formValues, type Field } from './schema-form';

const NAME = '$name';

interface DialogProps {
  /** Null for a new one. */
  readonly account: Account | null;
  readonly definitions: readonly ChannelDefinition[];
  readonly onClose: () => void;
  readonly onSaved: () => Promise<void>;
}

/** A channel account's form, made from what its connector says of its configuration. */
export function AccountDialog({ account, definitions, onClose, onSaved }: DialogProps) {
  const { t, i18n } = useTranslation();
  const channelName = useChannelName();
  const language = i18n.language === 'en' ? 'en' : 'zh';
  const [channel, setChannel] = useState(
    account?.channel ?? definitions.find((one) => one.channel === 'webchat')?.channel ?? definitions[0]?.channel,
  );
  const definition = definitions.find((one) => one.channel === channel);
  const fields = useMemo(() => (definition ? fieldsOf(definition, language) : []), [definition, language]);
  const title = account ? t('settings.editAccount', { name: account.name }) : t('settings.newAccount');
  return (
    <Dialog title={title} onClose={onClose}>
      {!account && (
        <label className="field">
          <span>{t('settings.chooseChannel')}</span>
          <select
            className="input"
            data-testid="account-channel"
            value={channel}
            onChange={(event) => setChannel(event.target.value)}
          >
            {definitions.map((one) => (
              <option key={one.channel} value={one.channel}>
                {one.name[language] || channelName(one.channel)}
              </option>
            ))}
          </select>
        </label>
      )}
      {channel !== undefined && (
        <AccountForm
          key={channel}
          account={account}
          channel={channel}
          fields={fields}
          onClose={onClose}
          onSaved={onSaved}
        />
      )}
    </Dialog>
  );
}

interface FormProps extends Omit<DialogProps, 'definitions'> {
  readonly channel: string;
  readonly fields: readonly Field[];
}

function AccountForm({ account, channel, fields, onClose, onSaved }: FormProps) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Record<string, unknown>>();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async (values: Record<string, unknown>): Promise<void> => {
    setBusy(true);
    setProblem(null);
    const input = { name: String(values[NAME]).trim(), config: configOf(fields, values) };
    try {
      await (account ? api.update(account.id, input) : api.create({ channel, ...input }));
      await onSaved();
      onClose();
    } catch (error) {
      setProblem(showErrors(t, form, error, (path) => (path === 'name' ? NAME : fieldOfError(fields, path))));
      setBusy(false);
    }
  };
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={{ [NAME]: account?.name ?? '', ...formValues(fields, account?.config) }}
      onFinish={(values) => void save(values)}
    >
      <div role="alert">{problem !== null && <p className="problem">{problem}</p>}</div>
      <Form.Item
        name={NAME}
        label={t('settings.accountName')}
        extra={t('settings.accountNameHelp')}
        rules={[
          { required: true, whitespace: true, message: t('settings.required', { title: t('settings.accountName') }) },
        ]}
      >
        <Input maxLength={100} data-testid="account-name" />
      </Form.Item>
      {fields.map((field) => (
        <FieldInput key={field.path} field={field} existing={account !== null} />
      ))}
      <div className="buttons">
        <button type="button" className="plain" onClick={onClose}>
          {t('app.cancel')}
        </button>
        <button type="submit" className="primary" data-testid="account-save" disabled={busy}>
          {t('app.save')}
        </button>
      </div>
    </Form>
  );
}

function FieldInput({ field, existing }: { field: Field; existing: boolean }) {
  const { t } = useTranslation();
  const title = [...field.groups, field.title].join(' · ');
  const kept = field.kind === 'secret' && existing;
  const required = field.required && !kept && field.kind !== 'switch' && field.kind !== 'list';
  const help = field.help ?? (field.path === 'allowedOrigins' ? t('settings.originHelp') : null);
  const rules = [
    ...(required ? [{ required: true, message: t('settings.required', { title }) }] : []),
    ...(field.pattern !== null && field.kind === 'text' ? [{ pattern: new RegExp(field.pattern, 'u') }] : []),
  ];
  const label = required || field.kind === 'switch' || kept ? title : `${title} (${t('app.optional')})`;
  return (
    // The name is one word with dots, not a path: the mapping to nested config is ours.
    <Form.Item
      name={[field.path]}
      label={label}
      extra={help}
      rules={rules}
      valuePropName={field.kind === 'switch' ? 'checked' : 'value'}
    >
      {control(field, kept ? t('settings.secretKept') : undefined, t('settings.listHelp'))}
    </Form.Item>
  );
}

function control(field: Field, placeholder: string | undefined, listHelp: string) {
  switch (field.kind) {
    case 'secret':
      return <Input.Password autoComplete="new-password" placeholder={placeholder} />;
    case 'number':
      return (
        <InputNumber min={field.minimum ?? undefined} max={field.maximum ?? undefined} style={{ width: '100%' }} />
      );
    case 'switch':
      return <Switch />;
    case 'select':
      return <Select options={field.options.map((value) => ({ value, label: value }))} />;
    case 'list':
      return (
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[',', ' ', '，']} placeholder={listHelp} />
      );
    case 'text':
      return <Input autoComplete="off" spellCheck={false} />;
  }
}
