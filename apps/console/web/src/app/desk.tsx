import type { Agent } from '@huiliu/contracts';
import { useCallback, useEffect } from 'react';
import { useSearchParams } from 'react-router';
import { ConversationList } from '../conversations/conversation-list';
import { useTranslation } from '../i18n/i18n';
import { useInbox } from '../inbox/store';
import { onScreen } from '../live/use-live';
import { SidePanel } from '../side/side-panel';
import { Chat } from '../thread/chat';

/** Where agents work: conversations, the thread, the customer. */
export function Desk({ me }: { me: Agent | undefined }) {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const selected = params.get('c');
  const select = useCallback((id: string | null) => setParams(id === null ? {} : { c: id }), [setParams]);
  useEffect(() => {
    onScreen.conversationId = selected;
    return () => {
      onScreen.conversationId = null;
    };
  }, [selected]);
  useTitle(me?.id);
  if (!me) return <p className="empty">{t('app.loading')}</p>;
  return (
    <div className={selected === null ? 'desk' : 'desk reading'}>
      <ConversationList me={me} selected={selected} onSelect={select} />
      {selected === null ? (
        <main className="chat">
          <div className="empty blank">
            <strong>{t('thread.none')}</strong>
            <p>{t('thread.noneHelp')}</p>
          </div>
        </main>
      ) : (
        <Chat key={`chat-${selected}`} id={selected} me={me} onClose={() => select(null)} />
      )}
      {selected === null ? (
        <aside className="side" aria-label={t('side.label')} />
      ) : (
        <SidePanel key={`side-${selected}`} id={selected} me={me} />
      )}
    </div>
  );
}

/** The tab's title tells how many messages of mine wait to be read. */
function useTitle(me: string | undefined): void {
  const { t } = useTranslation();
  const unread = useInbox((store) => {
    let count = 0;
    for (const { value } of store.inbox.conversations.values())
      if (value.assignee?.id === me && value.status === 'open') count += value.unread;
    return count;
  });
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${t('app.title')}` : t('app.title');
  }, [unread, t]);
}
