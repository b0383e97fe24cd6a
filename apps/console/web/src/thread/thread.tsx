import type { Conversation } from '@huiliu/contracts';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation, wordsOf } from '../i18n/i18n';
import { markRead } from '../inbox/actions';
import { useThread } from '../inbox/queries';
import { useInbox } from '../inbox/store';
import { dayHeading } from '../ui/times';
import { Bubble } from './bubble';
import { linesOf } from './days';
import { PendingBubble } from './pending-bubble';
import { useThreadScroll } from './use-thread-scroll';

/** The messages of one conversation, oldest first. */
export function Thread({ conversation }: { conversation: Conversation }) {
  const { t, i18n } = useTranslation();
  const { query, items } = useThread(conversation.id);
  const allPending = useInbox((store) => store.pending);
  const known = useMemo(() => new Set(items.map((message) => message.clientId)), [items]);
  // A message that the feed showed has taken its bubble's place.
  const pending = useMemo(
    () => allPending.filter((one) => one.conversationId === conversation.id && !known.has(one.clientId)),
    [allPending, known, conversation.id],
  );
  const lines = useMemo(() => linesOf(items), [items]);
  const shown = useMemo(() => [...lines, ...pending], [lines, pending]);
  const newest = items.at(-1)?.seq ?? 0;
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  const loadEarlier = useMemo(() => () => void fetchNextPage(), [fetchNextPage]);
  const { box, onScroll, toBottom, atBottom, seen } = useThreadScroll({
    lines: shown,
    newest,
    canLoadEarlier: hasNextPage && !isFetchingNextPage,
    loadEarlier,
  });

  // Who writes wants to see it.
  const written = pending.length;
  const before = useRef(written);
  useEffect(() => {
    if (written > before.current) toBottom();
    before.current = written;
  }, [written, toBottom]);

  useEffect(() => {
    const read = (): void => {
      if (atBottom && newest > 0 && !document.hidden) markRead(conversation, newest);
    };
    read();
    document.addEventListener('visibilitychange', read);
    return () => document.removeEventListener('visibilitychange', read);
  }, [conversation, newest, atBottom]);

  const unseen = atBottom ? 0 : items.filter((message) => message.seq > seen && message.direction === 'inbound').length;
  return (
    <div className="frame">
      <div
        ref={box}
        className="thread"
        role="log"
        aria-label={t('thread.label')}
        aria-live="off"
        tabIndex={0}
        onScroll={onScroll}
      >
        <div className="lines">
          {query.isError && items.length === 0 && (
            <div className="problem" role="alert">
              {t('thread.error', { why: wordsOf(t, query.error) })}{' '}
              <button type="button" className="quiet" onClick={() => void query.refetch()}>
                {t('app.retry')}
              </button>
            </div>
          )}
          {query.isPending && items.length === 0 && <div className="edge">{t('app.loading')}</div>}
          {hasNextPage ? (
            <button type="button" className="quiet edge" onClick={loadEarlier} disabled={isFetchingNextPage}>
              {t(isFetchingNextPage ? 'thread.loadingEarlier' : 'thread.earlier')}
            </button>
          ) : (
            query.isSuccess && items.length > 0 && <div className="edge">{t('thread.start')}</div>
          )}
          {lines.map((line) =>
            line.kind === 'day' ? (
              <div key={line.key} className="day">
                {dayHeading(line.at, i18n.language, { today: t('thread.today'), yesterday: t('thread.yesterday') })}
              </div>
            ) : (
              <Bubble key={line.key} message={line.message} contactName={conversation.contact.name} />
            ),
          )}
          {pending.map((one) => (
            <PendingBubble key={one.clientId} pending={one} />
          ))}
          <Typing conversationId={conversation.id} />
        </div>
      </div>
      {!atBottom && (
        <button type="button" className="pill" data-testid="new-messages" onClick={toBottom}>
          {unseen > 0 ? t('thread.newMessages', { count: unseen }) : t('thread.toBottom')}
        </button>
      )}
    </div>
  );
}

function Typing({ conversationId }: { conversationId: string }) {
  const { t } = useTranslation();
  const typing = useInbox((store) => store.typing.get(conversationId));
  return (
    <div className="edge" style={{ alignSelf: 'flex-start', minHeight: 20 }}>
      {typing && t('thread.typing', { name: typing.name })}
    </div>
  );
}
