import type { Agent } from '@huiliu/contracts';
import { ConfigProvider, theme } from 'antd';
import antdEn from 'antd/locale/en_US';
import antdZh from 'antd/locale/zh_CN';
import { useMemo } from 'react';
import { Navigate, NavLink, Route, Routes } from 'react-router';
import { usePreferences } from '../app/preferences';
import { useTranslation } from '../i18n/i18n';
import { AccountsPage } from './accounts-page';
import { AgentsPage } from './agents-page';
import { MePage } from './me-page';
import { TeamsPage } from './teams-page';

/** antd in our tokens. Read from the style sheet, so that there is one place for colours. */
function useAntdTheme() {
  const dark = usePreferences((preferences) => preferences.dark);
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement);
    const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
    return {
      algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
      token: {
        colorPrimary: token('accent'),
        colorLink: token('accent'),
        colorBgContainer: token('pane'),
        colorBgElevated: token('pane'),
        colorBorder: token('edge'),
        colorText: token('text'),
        colorTextSecondary: token('soft'),
        colorTextTertiary: token('soft'),
        colorTextDescription: token('soft'),
        colorTextPlaceholder: token('faint'),
        colorError: token('bad'),
        colorErrorText: token('bad'),
        colorTextLightSolid: token('on-accent'),
        fontFamily: token('font'),
        fontSize: 13,
        borderRadius: 6,
        motion: false,
      },
      components: { Form: { itemMarginBottom: 14, verticalLabelPadding: '0 0 4px' } },
    };
  }, [dark]);
}

/** Everything that is set up; most of it by admins only. Loaded when it is first opened. */
export function SettingsPage({ me }: { me: Agent | undefined }) {
  const { t, i18n } = useTranslation();
  const antdTheme = useAntdTheme();
  if (!me) return <p className="empty">{t('app.loading')}</p>;
  const admin = me.role === 'admin';
  const home = admin ? 'accounts' : 'me';
  return (
    <ConfigProvider
      theme={antdTheme}
      locale={i18n.language === 'en' ? antdEn : antdZh}
      // A native modal dialog lies above everything else: what opens from inside it must stay inside.
      getPopupContainer={(node) => node?.closest('dialog') ?? document.body}
    >
      <div className="settings">
        <nav aria-label={t('settings.nav')}>
          <h1>{t('app.settings')}</h1>
          {admin && <NavLink to="/settings/accounts">{t('settings.accounts')}</NavLink>}
          {admin && <NavLink to="/settings/agents">{t('settings.agents')}</NavLink>}
          {admin && <NavLink to="/settings/teams">{t('settings.teams')}</NavLink>}
          <NavLink to="/settings/me">{t('settings.me')}</NavLink>
        </nav>
        <main tabIndex={-1}>
          <div>
            <Routes>
              {admin && <Route path="accounts" element={<AccountsPage />} />}
              {admin && <Route path="agents" element={<AgentsPage />} />}
              {admin && <Route path="teams" element={<TeamsPage />} />}
              <Route path="me" element={<MePage me={me} />} />
              <Route path="*" element={<Navigate to={`/settings/${home}`} replace />} />
            </Routes>
          </div>
        </main>
      </div>
    </ConfigProvider>
  );
}
