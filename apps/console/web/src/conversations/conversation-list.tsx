import type { Agent, ConversationStatus } from '@huiliu/contracts';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation, wordsOf } from '../i18n/i18n';
import { useAccounts, useConversationList, useSearch } from '../inbox/queries';
import { slowReplies, type Tab } from '../inbox/select-list';
import { useInbox } from '../inbox/store';
import { useNow } from '../ui/use-now';
import { ConversationRow } from './conversation-row';
import { EmptyList } from './empty-list';
import { useHeldOrder } from './use-held-order';
import { LATE_MS } from './wait';

const ROW_HEIGHT = 58;
const TABS: readonly Tab[] = ['mine', 'unassigned', 'all'];
const STATUSES: readonly ConversationStatus[] = ['open', 'snoozed', 'resolved'];

interface ListProps {
  readonly me: Agent;
  readonly selected: string | null;
  readonly onSelect: (id: string) => void;
}

/** The left column: tabs, search, and rows by the last message. */
export function ConversationList({ me, selected, onSelect }: ListProps) {
  const { t } = useTranslation();
  const [tab, setTab] = useState<Tab>('mine');
  const [status, setStatus] = useState<ConversationStatus>('open');
  const [typed, setTyped] = useState('');
  const q = useDebounced(typed.trim(), 250);
  const lists = {
    mine: useConversationList({ tab: 'mine', status, me: me.id }),
    unassigned: useConversationList({ tab: 'unassigned', status, me: me.id }),
    all: useConversationList({ tab: 'all', status, me: me.id }),
  };
  const search = useSearch(q);
  const shown = q === '' ? lists[tab] : search;
  const { query } = shown;
  const items = useDeferredValue(shown.items);
  return (
    <section className="list" aria-label={t('list.label')}>
      <header>
        <Tabs tab={tab} onTab={setTab} counts={(name) => countOf(lists[name])} />
        <div className="finder">
          <input
            className="input"
            type="search"
            placeholder={t('list.search')}
            aria-label={t('list.search')}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          <select
            className="input"
            aria-label={t('list.status')}
            value={tab === 'unassigned' ? 'open' : status}
            disabled={tab === 'unassigned' || q !== ''}
            onChange={(event) => setStatus(event.target.value as ConversationStatus)}
          >
            {STATUSES.map((name) => (
              <option key={name} value={name}>
                {t(`list.${name}`)}
              </option>
            ))}
          </select>
        </div>
        <SlowAlert me={me} onSelect={onSelect} />
      </header>
      {query.isError && items.length === 0 ? (
        <div className="empty" role="alert">
          <p>{t('list.error', { why: wordsOf(t, query.error) })}</p>
          <button type="button" className="plain" onClick={() => void query.refetch()}>
            {t('app.retry')}
          </button>
        </div>
      ) : items.length === 0 && query.isSuccess ? (
        <EmptyList me={me} tab={tab} status={status} q={q} onTab={setTab} />
      ) : (
        <Rows
          listKey={q === '' ? `${tab}/${status}` : `q/${q}`}
          label={q === '' ? t(`list.${tab}`) : t('list.searching')}
          items={items}
          me={me.id}
          selected={selected}
          onSelect={onSelect}
          onEnd={() => {
            if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
          }}
        />
      )}
    </section>
  );
}

function countOf(list: ReturnType<typeof useConversationList>): string {
  return list.query.isSuccess ? `${list.items.length}${list.query.hasNextPage ? '+' : ''}` : '';
}

function useDebounced(value: string, ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

function Tabs({ tab, onTab, counts }: { tab: Tab; onTab: (tab: Tab) => void; counts: (tab: Tab) => string }) {
  const { t } = useTranslation();
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length]!;
    onTab(next);
    event.currentTarget.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label={t('list.tabs')} onKeyDown={onKeyDown}>
      {TABS.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          type="button"
          role="tab"
          aria-selected={tab === name}
          tabIndex={tab === name ? 0 : -1}
          data-testid={`tab-${name}`}
          onClick={() => onTab(name)}
        >
          {t(`list.${name}`)}
          <small>{counts(name)}</small>
        </button>
      ))}
    </div>
  );
}

/** One merged warning, which leads to whoever has waited longest. */
function SlowAlert({ me, onSelect }: { me: Agent; onSelect: (id: string) => void }) {
  const { t } = useTranslation();
  const inbox = useInbox((store) => store.inbox);
  const slow = slowReplies(inbox, me.id, useNow(), LATE_MS);
  const worst = slow[0];
  if (!worst) return null;
  return (
    <div className="alert">
      <span role="status">{t('list.slow', { count: slow.length })}</span>
      <button type="button" onClick={() => onSelect(worst.id)}>
        {t('list.slowGo')}
      </button>
    </div>
  );
}

interface RowsProps {
  readonly listKey: string;
  readonly label: string;
  readonly items: ReturnType<typeof useConversationList>['items'];
  readonly me: string;
  readonly selected: string | null;
  readonly onSelect: (id: string) => void;
  readonly onEnd: () => void;
}

/** Only the rows in view are in the page. Screen readers hear of new messages elsewhere: moving rows stay silent. */
function Rows({ listKey, label, items, me, selected, onSelect, onEnd }: RowsProps) {
  const { byId: accounts } = useAccounts();
  const box = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string | null>(null);
  const byId = useMemo(() => new Map(items.map((item) => [item.id, item])), [items]);
  const wanted = useMemo(() => items.map((item) => item.id), [items]);
  const { order, holders } = useHeldOrder(wanted, listKey);
  const virtual = useVirtualizer({
    count: order.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    getItemKey: (index) => order[index]!,
  });
  const rows = virtual.getVirtualItems();
  const lastIndex = rows.at(-1)?.index ?? -1;
  useEffect(() => {
    if (lastIndex >= 0 && lastIndex >= order.length - 10) onEnd();
  }, [lastIndex, order.length, onEnd]);
  useEffect(() => {
    box.current?.scrollTo({ top: 0 });
  }, [listKey]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const at = active === null ? order.indexOf(selected ?? '') : order.indexOf(active);
    const to = {
      ArrowDown: Math.min(at + 1, order.length - 1),
      ArrowUp: Math.max(at - 1, 0),
      Home: 0,
      End: order.length - 1,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setActive(order[to] ?? null);
      virtual.scrollToIndex(to, { align: 'auto' });
    } else if ((event.key === 'Enter' || event.key === ' ') && active !== null) {
      event.preventDefault();
      onSelect(active);
    }
  };
  const activeShown = active !== null && rows.some((row) => row.key === active);
  return (
    <div
      ref={box}
      className="rows"
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-live="off"
      aria-activedescendant={activeShown ? `row-${active}` : undefined}
      onKeyDown={onKeyDown}
      onBlur={() => setActive(null)}
      {...holders}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {rows.map((row) => {
          const conversation = byId.get(order[row.index]!);
          return (
            conversation && (
              <ConversationRow
                key={conversation.id}
                conversation={conversation}
                me={me}
                accountName={accounts.get(conversation.accountId)?.name}
                selected={conversation.id === selected}
                active={conversation.id === active}
                top={row.start}
                index={row.index}
                count={order.length}
                onSelect={onSelect}
              />
            )
          );
        })}
      </div>
    </div>
  );
}
