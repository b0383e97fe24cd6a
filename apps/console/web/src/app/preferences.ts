import { create } from 'zustand';
import { changeLanguage } from '../i18n/i18n';

export type Theme = 'light' | 'dark' | 'system';
export type Language = 'zh' | 'en';

interface Preferences {
  readonly theme: Theme;
  readonly language: Language;
  /** What `theme` comes to now. */
  readonly dark: boolean;
  setTheme(theme: Theme): void;
  setLanguage(language: Language): void;
}

const systemDark = window.matchMedia('(prefers-color-scheme: dark)');

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice then lasts until the page is closed.
  }
}

const darkOf = (theme: Theme): boolean => theme === 'dark' || (theme === 'system' && systemDark.matches);

function storedTheme(): Theme {
  const theme = read('huiliu.theme');
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

export const usePreferences = create<Preferences>()((set) => ({
  theme: storedTheme(),
  language: read('huiliu.language') === 'en' ? 'en' : 'zh',
  dark: darkOf(storedTheme()),
  setTheme: (theme) => {
    write('huiliu.theme', theme);
    set({ theme, dark: darkOf(theme) });
  },
  setLanguage: (language) => {
    write('huiliu.language', language);
    changeLanguage(language);
    set({ language });
  },
}));

/** Keeps the document's theme and language as chosen; called once. */
export function applyPreferences(): void {
  const apply = (): void => {
    document.documentElement.dataset.theme = usePreferences.getState().dark ? 'dark' : 'light';
  };
  apply();
  changeLanguage(usePreferences.getState().language);
  usePreferences.subscribe(apply);
  systemDark.addEventListener('change', () => usePreferences.setState((state) => ({ dark: darkOf(state.theme) })));
}
