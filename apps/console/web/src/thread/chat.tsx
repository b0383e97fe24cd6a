import type { Agent } from '@huiliu/contracts';
import { Composer } from '../composer/composer';
import { useTranslation, wordsOf } from '../i18n/i18n';
import { useConversation } from '../inbox/queries';
import { ChatHeader } from './chat-header';
import { Thread } from './thread';

/** The middle column: one conversation. */
export function Chat({ id, me, onClose }: { id: string; me: Agent; onClose: () => void }) {
  const { t } = useTranslation();
  const { conversation, error } = useConversation(id);
  if (!conversation) {
    return (
      <main className="chat">
        <div className="empty blank" role={error ? 'alert' : undefined}>
          {error ? (
            <>
              <strong>{t('thread.gone')}</strong>
              <p>{wordsOf(t, error)}</p>
              <button type="button" className="plain" onClick={onClose}>
                {t('thread.back')}
              </button>
            </>
          ) : (
            t('app.loading')
          )}
        </div>
      </main>
    );
  }
  return (
    <main className="chat">
      <ChatHeader conversation={conversation} me={me} onClose={onClose} />
      <Thread conversation={conversation} />
      <Composer conversation={conversation} me={me} />
    </main>
  );
}
