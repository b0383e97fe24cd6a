import { create } from 'zustand';

const KEY = 'huiliu.token';

/** Why nobody is logged in: shown on the login page. */
export type EndReason = 'expired' | 'logout' | null;

interface Session {
  readonly token: string | null;
  readonly ended: EndReason;
  /** Keeps the token for this tab, or for this browser when `remember`. */
  begin(token: string, remember: boolean): void;
  end(reason: EndReason): void;
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function forget(): void {
  try {
    sessionStorage.removeItem(KEY);
    localStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

export const useSession = create<Session>()((set) => ({
  token: stored(),
  ended: null,
  begin: (token, remember) => {
    forget();
    try {
      (remember ? localStorage : sessionStorage).setItem(KEY, token);
    } catch {
      // The token lives in memory then.
    }
    set({ token, ended: null });
  },
  end: (reason) => {
    forget();
    set({ token: null, ended: reason });
  },
}));
