import i18next, { type TFunction } from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { ApiError } from '../api/errors';
import { en } from './en';
import { zh } from './zh';

/** Starts the translations; must be called before the first render. */
export function startTranslations(language: 'zh' | 'en'): void {
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'zh',
    resources: { zh: { translation: zh }, en: { translation: en } },
    // Text goes to the page as text nodes: React escapes it.
    interpolation: { escapeValue: false },
    initAsync: false,
    showSupportNotice: false,
  } as Parameters<typeof i18next.init>[0]);
}

export function changeLanguage(language: 'zh' | 'en'): void {
  void i18next.changeLanguage(language);
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}

export { useTranslation };

/** A failure in words that say what to do. The server's own words are used where it knows better. */
export function wordsOf(t: TFunction, error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  if (error.status === 0) return t('error.network');
  if (error.code === 'window_closed') return t('error.window_closed');
  const known = t(`error.code.${error.code}`, { defaultValue: '' });
  if (known !== '') return known;
  if (error.status === 403) return t('error.forbidden');
  if (error.status === 404) return t('error.notFound');
  if (error.status === 413) return t('error.tooLarge');
  if (error.status === 429) return t('error.limited', { n: error.retryAfterSeconds ?? 10 });
  if (error.status >= 502 && error.status <= 504) return t('error.unavailable');
  if (error.fields.length > 0)
    return t('error.invalid', {
      fields: error.fields.map((field) => `${field.path} ${field.message}`.trim()).join('；'),
    });
  return t('error.other', { message: error.message });
}
