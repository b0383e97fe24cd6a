import { lazy, Suspense, useEffect } from 'react';
import { Navigate, Route, Routes } from 'react-router';
import { useTranslation } from '../i18n/i18n';
import { resumeSending, stopSending } from '../inbox/actions';
import { useMe } from '../inbox/queries';
import { useInbox } from '../inbox/store';
import { useLive } from '../live/use-live';
import { Offers } from '../offers/offers';
import { LoginPage } from '../session/login-page';
import { useSession } from '../session/session';
import { Toasts } from '../ui/toast';
import { LinkBanner, PresenceBanner } from './banners';
import { Desk } from './desk';
import { Rail } from './rail';
import { queryClient } from './query-client';

const SettingsPage = lazy(() =>
  import('../settings/settings-page').then((module) => ({ default: module.SettingsPage })),
);

/** The page: the login, or everything behind it. */
export function App() {
  const token = useSession((session) => session.token);
  return (
    <>
      <Toasts />
      {token === null ? (
        <Routes>
          <Route path="/login" element={<LoginPage />} />
          <Route path="*" element={<ToLogin />} />
        </Routes>
      ) : (
        <SignedIn key={token} />
      )}
    </>
  );
}

function ToLogin() {
  const to =
    location.pathname === '/' && location.search === ''
      ? ''
      : `?to=${encodeURIComponent(location.pathname + location.search)}`;
  return <Navigate to={`/login${to}`} replace />;
}

/** Where the login leads: a path of this page, never another site. */
function AfterLogin() {
  const to = new URLSearchParams(location.search).get('to') ?? '/';
  return <Navigate to={/^\/(?![/\\])/.test(to) && !to.startsWith('/login') ? to : '/'} replace />;
}

function SignedIn() {
  const { t } = useTranslation();
  useLive();
  const me = useMe();
  const announcement = useInbox((store) => store.announcement);
  const id = me.data?.id;
  useEffect(() => {
    if (id === undefined) return;
    resumeSending(id);
    return stopSending;
  }, [id]);
  useEffect(() => () => queryClient.clear(), []);
  return (
    <div className="app">
      <Rail me={me.data} />
      <div className="page">
        <LinkBanner />
        {me.data && <PresenceBanner me={me.data} />}
        <Routes>
          <Route path="/login" element={<AfterLogin />} />
          <Route
            path="/settings/*"
            element={
              <Suspense fallback={<p className="empty">{t('app.loading')}</p>}>
                <SettingsPage me={me.data} />
              </Suspense>
            }
          />
          <Route path="/" element={<Desk me={me.data} />} />
          <Route path="*" element={<Navigate to="/" replace />} />
        </Routes>
      </div>
      {me.data && <Offers me={me.data} />}
      <div className="sr" aria-live="polite" role="status">
        {announcement}
      </div>
    </div>
  );
}
