import type { Offer } from '@huiliu/contracts';
import { create } from 'zustand';
import type { LinkState } from '../live/live-connection';
import type { Pending } from './send-queue';
import { EMPTY, reduceInbox, type InboxAction, type InboxState } from './state';

interface Typing {
  readonly name: string;
  readonly until: number;
}

interface InboxStore {
  readonly inbox: InboxState;
  readonly link: { readonly state: LinkState; readonly retryAt: number | null; readonly everLive: boolean };
  /** True once the feed runs, or did not come up in time: what is fetched from then on has no gap, or is fetched again. */
  readonly ready: boolean;
  readonly pending: readonly Pending[];
  readonly typing: ReadonlyMap<string, Typing>;
  readonly offers: readonly Offer[];
  /** What screen readers are told of messages that came in. */
  readonly announcement: string;
  apply(action: InboxAction): void;
}

export const useInbox = create<InboxStore>()((set) => ({
  inbox: EMPTY,
  link: { state: 'connecting', retryAt: null, everLive: false },
  ready: false,
  pending: [],
  typing: new Map(),
  offers: [],
  announcement: '',
  apply: (action) => set((store) => ({ inbox: reduceInbox(store.inbox, action) })),
}));

/** The moment a REST request leaves at, for `asOf`. */
export function tickNow(): number {
  return useInbox.getState().inbox.tick;
}

/** Back to the beginning: another person logs in. */
export function clearInbox(): void {
  useInbox.setState({
    inbox: EMPTY,
    link: { state: 'connecting', retryAt: null, everLive: false },
    ready: false,
    pending: [],
    typing: new Map(),
    offers: [],
    announcement: '',
  });
}
