import type { Agent, ConversationStatus } from '@huiliu/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { useTranslation } from '../i18n/i18n';
import { useAccounts } from '../inbox/queries';
import type { Tab } from '../inbox/select-list';

interface EmptyProps {
  readonly me: Agent;
  readonly tab: Tab;
  readonly status: ConversationStatus;
  readonly q: string;
  readonly onTab: (tab: Tab) => void;
}

/** An empty list says why it is empty and what to do. */
export function EmptyList({ me, tab, status, q, onTab }: EmptyProps) {
  const { t } = useTranslation();
  const accounts = useAccounts();
  if (q !== '') return <Empty title={t('list.empty.search', { q })} help={t('list.empty.searchHelp')} />;
  if (status === 'resolved' && tab === 'mine') {
    return (
      <Empty title={t('list.empty.resolvedMine')}>
        <button type="button" className="plain" onClick={() => onTab('all')}>
          {t('list.empty.resolvedAll')}
        </button>
      </Empty>
    );
  }
  if (status !== 'open' && tab !== 'unassigned') return <Empty title={t(`list.empty.${status}`)} />;
  const title = t(`list.empty.${tab}`);
  if (tab === 'mine') {
    return (
      <Empty
        title={title}
        help={t(me.presence.status === 'online' ? 'list.empty.mineOnline' : 'list.empty.mineOffline')}
      >
        <button type="button" className="plain" onClick={() => onTab('unassigned')}>
          {t('list.empty.mineTake')}
        </button>
        {me.role === 'admin' && <Sandbox />}
      </Empty>
    );
  }
  return (
    <Empty title={title} help={t(tab === 'all' ? 'list.empty.allHelp' : 'list.empty.unassignedHelp')}>
      {me.role === 'admin' && accounts.data?.items.length === 0 ? (
        <Link className="primary" to="/settings/accounts">
          {t('list.empty.accounts')}
        </Link>
      ) : (
        <Sandbox />
      )}
    </Empty>
  );
}

function Empty({ title, help, children }: { title: string; help?: string; children?: React.ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {help !== undefined && <p>{help}</p>}
      {children}
    </div>
  );
}

/** Only where there is a sandbox to play in: production has none. */
function Sandbox() {
  const { t } = useTranslation();
  const { data: there } = useQuery({
    queryKey: ['sandbox'],
    queryFn: async () => (await fetch('/sandbox/', { method: 'HEAD' })).ok,
  });
  if (there !== true) return null;
  return (
    <>
      <p>{t('list.empty.sandboxHelp')}</p>
      <a className="plain" href="/sandbox" target="_blank" rel="noreferrer">
        {t('list.empty.sandbox')}
      </a>
    </>
  );
}
