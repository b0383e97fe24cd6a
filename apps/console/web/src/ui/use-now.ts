import { useSyncExternalStore } from 'react';
import { serverNow } from '../api/http';

const listeners = new Set<() => void>();
let now = serverNow();
let timer: ReturnType<typeof setInterval> | null = null;

function tick(): void {
  now = serverNow();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

// A page that was hidden shows the right times in the moment it is seen again.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) tick();
});

/** The server's time, followed once a second by everyone who shows it. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
