import type { Agent } from '@huiliu/contracts';
import { Form, Input } from 'antd';
import { useState } from 'react';
import { agents, auth } from '../api/endpoints';
import { usePreferences } from '../app/preferences';
import { useTranslation } from '../i18n/i18n';
import { useSession } from '../session/session';
import { toast } from '../ui/toast';
import { showErrors } from './form-errors';
import { PageTitle } from './page-title';

interface PasswordForm {
  readonly currentPassword: string;
  readonly newPassword: string;
}

/** What everyone sets for themselves. */
export function MePage({ me }: { me: Agent }) {
  const { t } = useTranslation();
  const { language, setLanguage, theme, setTheme } = usePreferences();
  const end = useSession((session) => session.end);
  const logout = async (): Promise<void> => {
    // Whether the server hears it or not, this page is signed out.
    await auth.logout().catch(() => undefined);
    end('logout');
  };
  return (
    <>
      <PageTitle title={t('settings.me')} help={t('settings.signedInAs', { name: me.name, username: me.username })} />
      <section className="panel">
        <span className="legend">{t('settings.language')}</span>
        <div className="segments" role="group" aria-label={t('settings.language')}>
          <button type="button" lang="zh-CN" aria-pressed={language === 'zh'} onClick={() => setLanguage('zh')}>
            中文
          </button>
          <button type="button" lang="en" aria-pressed={language === 'en'} onClick={() => setLanguage('en')}>
            English
          </button>
        </div>
        <span className="legend">{t('settings.theme')}</span>
        <div className="segments" role="group" aria-label={t('settings.theme')}>
          {(['system', 'light', 'dark'] as const).map((name) => (
            <button key={name} type="button" aria-pressed={theme === name} onClick={() => setTheme(name)}>
              {t(`settings.${name}`)}
            </button>
          ))}
        </div>
        <button type="button" className="plain" data-testid="logout" onClick={() => void logout()}>
          {t('settings.logout')}
        </button>
      </section>
      <PasswordPanel onChanged={() => end('logout')} />
    </>
  );
}

function PasswordPanel({ onChanged }: { onChanged: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<PasswordForm>();
  const [problem, setProblem] = useState<string | null>(null);
  const save = async ({ currentPassword, newPassword }: PasswordForm): Promise<void> => {
    setProblem(null);
    try {
      await agents.password(currentPassword, newPassword);
      toast(t('settings.passwordChanged'));
      onChanged();
    } catch (error) {
      setProblem(
        showErrors(t, form, error, (path) => (path === 'currentPassword' || path === 'newPassword' ? path : null)),
      );
    }
  };
  return (
    <section className="panel">
      <h3>{t('settings.changePassword')}</h3>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(values) => void save(values)}>
        <div role="alert">{problem !== null && <p className="problem">{problem}</p>}</div>
        <Form.Item
          name="currentPassword"
          label={t('settings.currentPassword')}
          rules={[{ required: true, message: t('settings.required', { title: t('settings.currentPassword') }) }]}
        >
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item
          name="newPassword"
          label={t('settings.newPassword')}
          extra={t('settings.passwordHelp')}
          rules={[{ required: true, min: 8, message: t('settings.passwordHelp') }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <button type="submit" className="primary">
          {t('settings.changePassword')}
        </button>
      </Form>
    </section>
  );
}
