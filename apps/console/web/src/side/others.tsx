import type { Conversation } from '@huiliu/contracts';
import { Link } from 'react-router';
import { useTranslation } from '../i18n/i18n';
import { useOthersOf } from '../inbox/queries';
import { clockTime } from '../ui/times';
import { useNow } from '../ui/use-now';

/** The customer's other conversations, and where we may write: from a public comment one goes on to the private messages. */
export function Others({ conversation }: { conversation: Conversation }) {
  const { t, i18n } = useTranslation();
  const now = useNow();
  const others = useOthersOf(conversation).data ?? [];
  if (others.length === 0) return null;
  return (
    <>
      <h2>{t('side.others')}</h2>
      <ul className="others" data-testid="others">
        {others.map(({ id, lastMessage, replyWindow, updatedAt }) => (
          <li key={id}>
            <Link to={{ search: `?c=${id}` }}>
              {lastMessage?.content.text.slice(0, 80) || clockTime(updatedAt, i18n.language)}
            </Link>
            {replyWindow !== null && replyWindow.remaining !== 0 && Date.parse(replyWindow.expiresAt) > now && (
              <span className="hint">{t('side.canWrite')}</span>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
