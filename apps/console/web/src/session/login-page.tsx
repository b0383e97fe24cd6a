import { useState, type FormEvent } from 'react';
import { auth } from '../api/endpoints';
import { asApiError, type ApiError } from '../api/errors';
import { usePreferences } from '../app/preferences';
import { useTranslation } from '../i18n/i18n';
import { useSession } from './session';

type Problem =
  | { key: 'empty' | 'wrong' | 'network' | 'unavailable' }
  | { key: 'limited'; n: number }
  | { key: 'other'; message: string };

function problemOf(error: ApiError): Problem {
  if (error.status === 0) return { key: 'network' };
  if (error.status === 429) return { key: 'limited', n: error.retryAfterSeconds ?? 60 };
  if (error.status === 400 || error.status === 401 || error.status === 403) return { key: 'wrong' };
  return error.status >= 500 ? { key: 'unavailable' } : { key: 'other', message: error.message };
}

export function LoginPage() {
  const { t } = useTranslation();
  const { begin, ended } = useSession();
  const { language, setLanguage } = usePreferences();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [remember, setRemember] = useState(true);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (username.trim() === '' || password === '') return setProblem({ key: 'empty' });
    setBusy(true);
    setProblem(null);
    try {
      const { token } = await auth.login(username.trim(), password);
      begin(token, remember);
    } catch (error) {
      setProblem(problemOf(asApiError(error)));
      setBusy(false);
    }
  };
  return (
    <main className="login">
      <form onSubmit={(event) => void submit(event)} noValidate>
        <div className="logo" aria-hidden="true">
          汇
        </div>
        <h1>{t('login.title')}</h1>
        <div role="alert">
          {problem && (
            <p className="problem">
              {problem.key === 'other'
                ? problem.message
                : t(`login.${problem.key}`, 'n' in problem ? { n: problem.n } : {})}
            </p>
          )}
        </div>
        {!problem && ended !== null && (
          <p className="hint" role="status" style={{ marginBottom: 12 }}>
            {t(ended === 'expired' ? 'login.expired' : 'login.loggedOut')}
          </p>
        )}
        <label className="field">
          <span>{t('login.username')}</span>
          <input
            className="input"
            data-testid="login-username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
        </label>
        <label className="field">
          <span>{t('login.password')}</span>
          <input
            className="input"
            data-testid="login-password"
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        <label className="check">
          <input type="checkbox" checked={remember} onChange={(event) => setRemember(event.target.checked)} />
          {t('login.remember')}
        </label>
        <button type="submit" className="primary" data-testid="login-submit" disabled={busy}>
          {busy ? t('login.busy') : t('login.submit')}
        </button>
        <footer>
          <span className="hint">{t('login.firstTime')}</span>
          <button
            type="button"
            className="quiet"
            style={{ flex: 'none' }}
            lang={language === 'zh' ? 'en' : 'zh-CN'}
            onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
          >
            {language === 'zh' ? 'English' : '中文'}
          </button>
        </footer>
      </form>
    </main>
  );
}
