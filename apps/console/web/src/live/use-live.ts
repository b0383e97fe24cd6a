import type { Agent, Message, Offer } from '@huiliu/contracts';
import i18next from 'i18next';
import { useEffect } from 'react';
import { auth } from '../api/endpoints';
import { asApiError } from '../api/errors';
import { queryClient } from '../app/query-client';
import { sendAgain, sendQueue } from '../inbox/actions';
import { knowAgent } from '../inbox/queries';
import { clearInbox, useInbox } from '../inbox/store';
import { useSession } from '../session/session';
import { contactName } from '../ui/contact-name';
import { LiveConnection, type Frame, type LinkState } from './live-connection';

/** Lists wait this long for the feed before they are fetched without it. */
const READY_MS = 1500;
const TYPING_MS = 6000;
const FLUSH_MS = 40;
let connection: LiveConnection | null = null;

/** The conversation on screen: its messages are read out in full. */
export const onScreen: { conversationId: string | null } = { conversationId: null };

const lastTyping = new Map<string, number>();

/** Tells the customer that someone writes, at most every three seconds. */
export function sendTyping(conversationId: string): void {
  const now = Date.now();
  if (now - (lastTyping.get(conversationId) ?? 0) < 3000) return;
  lastTyping.set(conversationId, now);
  connection?.typing(conversationId);
}

export function retryLink(): void {
  connection?.retryNow();
}

function announce(message: Message): void {
  if (message.direction !== 'inbound') return;
  const contact = useInbox.getState().inbox.conversations.get(message.conversationId)?.value.contact;
  const name = contact ? contactName(i18next.t, contact) : message.author.name;
  const text =
    message.conversationId === onScreen.conversationId
      ? i18next.t('thread.said', { name, text: message.content.text.slice(0, 200) })
      : i18next.t('thread.elsewhere', { name });
  useInbox.setState({ announcement: text });
}

function stopTyping(conversationId: string): void {
  const { typing } = useInbox.getState();
  if (!typing.has(conversationId)) return;
  const next = new Map(typing);
  next.delete(conversationId);
  useInbox.setState({ typing: next });
}

function takeOffer(offer: Offer): void {
  useInbox.setState((store) => {
    const others = store.offers.filter((one) => one.id !== offer.id);
    return { offers: offer.state === 'open' ? [...others, offer] : others };
  });
}

/** Effects of a frame beyond the inbox's own state. */
function sideEffects(frame: Frame): void {
  switch (frame.type) {
    case 'message.created': {
      const message = frame.data as Message;
      if (message.clientId !== null) sendQueue.seen([message.clientId]);
      if (message.direction === 'inbound') stopTyping(message.conversationId);
      return announce(message);
    }
    case 'agent.updated':
      return knowAgent(unwrap<Agent>(frame.data, 'agent'));
    case 'conversation.removed':
      // Its messages are forgotten: should it come back, they are fetched anew.
      return queryClient.removeQueries({ queryKey: ['messages', (frame.data as { id: string }).id] });
    case 'offer.created':
    case 'offer.ended':
      return takeOffer(unwrap<Offer>(frame.data, 'offer'));
    default:
  }
}

function unwrap<T>(data: unknown, name: string): T {
  return ((data as Record<string, unknown>)[name] ?? data) as T;
}

/** Frames are applied together a few dozen times a second: a storm of them costs a few renders. */
function batcher(): { add(frames: readonly Frame[]): void; flush(): void } {
  let waiting: Frame[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  const flush = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const frames = waiting;
    waiting = [];
    if (frames.length === 0) return;
    useInbox.getState().apply({ type: 'frames', frames });
    frames.forEach(sideEffects);
  };
  return {
    add: (frames) => {
      waiting.push(...frames);
      timer ??= setTimeout(flush, FLUSH_MS);
    },
    flush,
  };
}

function nameOf(conversationId: string, by: { type: string; name: string }): string {
  const contact = useInbox.getState().inbox.conversations.get(conversationId)?.value.contact;
  return by.type === 'contact' && contact ? contactName(i18next.t, contact) : by.name;
}

function onTyping(frame: Frame): void {
  if (frame.type !== 'typing') return;
  const { conversationId, by } = frame.data as {
    conversationId: string;
    by: { type: string; id: string; name: string };
  };
  const me = queryClient.getQueryData<Agent>(['me']);
  if (by.id === me?.id) return;
  const until = Date.now() + TYPING_MS;
  useInbox.setState((store) => ({
    typing: new Map(store.typing).set(conversationId, { name: nameOf(conversationId, by), until }),
  }));
  setTimeout(() => {
    if ((useInbox.getState().typing.get(conversationId)?.until ?? 0) <= Date.now()) stopTyping(conversationId);
  }, TYPING_MS + 50);
}

function reset(): void {
  const keep = onScreen.conversationId === null ? [] : [onScreen.conversationId];
  useInbox.getState().apply({ type: 'reset', keep });
  useInbox.setState({ ready: true, offers: [] });
  queryClient.removeQueries({ queryKey: ['messages'], type: 'inactive' });
  void queryClient.invalidateQueries();
}

/** Holds the page's feed while someone is logged in. */
export function useLive(): void {
  const token = useSession((session) => session.token);
  useEffect(() => {
    if (token === null) return;
    const frames = batcher();
    const ready = setTimeout(() => useInbox.setState({ ready: true }), READY_MS);
    const live = new LiveConnection({
      ticket: () =>
        auth.socketTicket().then(
          (answer) => answer.ticket,
          (error: unknown) => Promise.reject(asApiError(error)),
        ),
      open: (ticket) => {
        const url = new URL(`/ws?ticket=${encodeURIComponent(ticket)}`, location.href);
        url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
        return new WebSocket(url) as unknown as ReturnType<ConstructorParameters<typeof LiveConnection>[0]['open']>;
      },
      onFrames: frames.add,
      onSignal: onTyping,
      onReset: () => {
        frames.flush();
        reset();
      },
      onState: (state: LinkState, retryAt) => {
        useInbox.setState((store) => ({ link: { state, retryAt, everLive: store.link.everLive || state === 'live' } }));
        if (state === 'live') sendAgain();
      },
    });
    connection = live;
    live.start();
    const online = (): void => live.retryNow();
    const seen = (): void => {
      if (!document.hidden) live.probe();
    };
    window.addEventListener('online', online);
    document.addEventListener('visibilitychange', seen);
    return () => {
      clearTimeout(ready);
      window.removeEventListener('online', online);
      document.removeEventListener('visibilitychange', seen);
      live.stop();
      connection = null;
      clearInbox();
    };
  }, [token]);
}
