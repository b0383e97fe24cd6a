import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslation, wordsOf } from '../i18n/i18n';

/** Loading or failed; nothing once there is data. */
export function QueryState({ query }: { query: UseQueryResult }) {
  const { t } = useTranslation();
  if (query.data !== undefined) return null;
  if (!query.isError) return <p className="empty">{t('app.loading')}</p>;
  return (
    <div className="problem" role="alert">
      {wordsOf(t, query.error)}{' '}
      <button type="button" className="quiet" onClick={() => void query.refetch()}>
        {t('app.retry')}
      </button>
    </div>
  );
}
