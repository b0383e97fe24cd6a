import type { Account, Agent, Conversation, Team } from '@huiliu/contracts';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { accounts, agents, conversations, messages, MESSAGE_PAGE, teams } from '../api/endpoints';
import { ApiError } from '../api/errors';
import { queryClient } from '../app/query-client';
import { selectList, sortTime, type ListFilter } from './select-list';
import { messagesOf } from './state';
import { tickNow, useInbox } from './store';

/** How often an account is asked for that is on its way: a long first reading, a login by QR code. */
const PROGRESS_MS = 2_000;

/** Whether an account is about to change by itself. */
const moves = ({ status }: Account): boolean =>
  status.progress != null ||
  (status.login != null && status.login.stage !== 'logged_in') ||
  status.state === 'starting';

/** Me, as the server sees me; frames about me keep it fresh. */
export function useMe() {
  return useQuery({ queryKey: ['me'], queryFn: ({ signal }) => agents.me(signal) });
}

/** All agents by id; empty while loading or where one may not list them. */
export function useAgents() {
  const query = useQuery({ queryKey: ['agents'], queryFn: ({ signal }) => agents.list(signal) });
  const byId = useMemo(() => new Map((query.data?.items ?? []).map((agent) => [agent.id, agent])), [query.data]);
  return { ...query, byId };
}

export function useTeams() {
  const query = useQuery({ queryKey: ['teams'], queryFn: ({ signal }) => teams.list(signal) });
  const byId = useMemo(() => new Map((query.data?.items ?? []).map((team: Team) => [team.id, team])), [query.data]);
  return { ...query, byId };
}

/** `watched`: somebody looks at how they are. */
export function useAccounts(watched = false) {
  const query = useQuery({
    queryKey: ['accounts'],
    queryFn: ({ signal }) => accounts.list(signal),
    // What is on its way is watched; nothing else of an account changes by itself so soon.
    refetchInterval: ({ state }) => (watched && state.data?.items.some(moves) === true ? PROGRESS_MS : false),
  });
  const byId = useMemo(() => new Map((query.data?.items ?? []).map((account) => [account.id, account])), [query.data]);
  return { ...query, byId };
}

export function useChannels() {
  return useQuery({ queryKey: ['channels'], queryFn: ({ signal }) => accounts.channels(signal) });
}

/** What of a page is kept in the query: the conversations themselves live in the inbox's state. */
interface ListPage {
  readonly ids: readonly string[];
  readonly nextCursor: string | null;
  readonly floor: string | null;
}

function assigneeOf(filter: ListFilter): string | undefined {
  if (filter.tab === 'mine') return 'me';
  return filter.tab === 'unassigned' ? 'none' : undefined;
}

async function fetchPage(query: Parameters<typeof conversations.list>[0], signal: AbortSignal): Promise<ListPage> {
  const asOf = tickNow();
  const page = await conversations.list(query, signal);
  useInbox.getState().apply({ type: 'conversations', items: page.items, asOf });
  const last = page.items.at(-1);
  return { ids: page.items.map((item) => item.id), nextCursor: page.nextCursor, floor: last ? sortTime(last) : null };
}

/** A tab of the list: its pages are fetched on demand, its content follows the feed. */
export function useConversationList(filter: ListFilter) {
  const ready = useInbox((store) => store.ready);
  const inbox = useInbox((store) => store.inbox);
  const status = filter.tab === 'unassigned' ? 'open' : filter.status;
  const query = useInfiniteQuery({
    queryKey: ['conversations', filter.tab, status],
    enabled: ready,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => fetchPage({ status, assignee: assigneeOf(filter), cursor: pageParam }, signal),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
  const floor = query.hasNextPage ? (query.data?.pages.at(-1)?.floor ?? null) : null;
  const { tab, me } = filter;
  const items = useMemo(
    () => (query.data ? selectList(inbox, { tab, status, me }, floor) : []),
    [inbox, query.data, tab, status, me, floor],
  );
  return { query, items };
}

/** A search over everything one may see, in the server's order. */
export function useSearch(q: string) {
  const inbox = useInbox((store) => store.inbox);
  const query = useInfiniteQuery({
    queryKey: ['search', q],
    enabled: q !== '',
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => fetchPage({ q, cursor: pageParam }, signal),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
  const items = useMemo(
    () =>
      (query.data?.pages ?? [])
        .flatMap((page) => page.ids)
        .flatMap((id) => inbox.conversations.get(id) ?? [])
        .map((known): Conversation => known.value),
    [inbox, query.data],
  );
  return { query, items };
}

/** One conversation; asked for when no list has brought it. */
export function useConversation(id: string) {
  const known = useInbox((store) => store.inbox.conversations.get(id)?.value);
  const ready = useInbox((store) => store.ready);
  const query = useQuery({
    queryKey: ['conversation', id],
    enabled: ready && known === undefined,
    queryFn: async ({ signal }) => {
      const asOf = tickNow();
      useInbox.getState().apply({ type: 'conversations', items: [await conversations.get(id, signal)], asOf });
      return true;
    },
    retry: (count, error) => count < 3 && error instanceof ApiError && error.uncertain,
    gcTime: 0,
  });
  return { conversation: known, error: query.error };
}

/** A thread: the newest messages at first, older ones by page, new ones by the feed. */
export function useThread(conversationId: string) {
  const ready = useInbox((store) => store.ready);
  const thread = useInbox((store) => store.inbox.threads.get(conversationId));
  const query = useInfiniteQuery({
    queryKey: ['messages', conversationId],
    enabled: ready,
    initialPageParam: undefined as number | undefined,
    queryFn: async ({ pageParam, signal }) => {
      useInbox.getState().apply({ type: 'open', conversationId });
      const asOf = tickNow();
      const page = await messages.list(conversationId, pageParam, signal);
      useInbox.getState().apply({ type: 'messages', conversationId, items: page.items, asOf });
      const first = page.items[0]?.seq;
      return { before: first !== undefined && first > 1 && page.items.length >= MESSAGE_PAGE ? first : undefined };
    },
    getNextPageParam: (page) => page.before,
    gcTime: Infinity,
  });
  const items = useMemo(() => messagesOf(thread), [thread]);
  return { query, items };
}

/** What else a conversation's customer has going on: private messages beside a public comment, other mails. The latest first. */
export function useOthersOf({ id, contact }: Conversation) {
  return useQuery({
    queryKey: ['others', contact.id, id],
    queryFn: async ({ signal }) => {
      const { items } = await conversations.list({ contactId: contact.id, limit: 20 }, signal);
      return items.filter((one) => one.id !== id);
    },
  });
}

export function useDecisions(conversationId: string, assigneeId: string | null) {
  return useQuery({
    queryKey: ['decisions', conversationId, assigneeId],
    queryFn: ({ signal }) => conversations.decisions(conversationId, signal),
  });
}

/** Takes in what a frame or an answer says of an agent. */
export function knowAgent(agent: Agent): void {
  queryClient.setQueryData<Agent>(['me'], (me) =>
    me?.id === agent.id && me.updatedAt <= agent.updatedAt ? agent : me,
  );
  queryClient.setQueryData<{ items: Agent[]; nextCursor: string | null }>(['agents'], (list) => {
    if (!list) return list;
    const others = list.items.filter((one) => one.id !== agent.id);
    return others.length === list.items.length
      ? { ...list, items: [...others, agent] }
      : { ...list, items: list.items.map((one) => (one.id === agent.id ? agent : one)) };
  });
}
