const locale = (language: string): string => (language === 'en' ? 'en-GB' : 'zh-CN');
const cache = new Map<string, Intl.DateTimeFormat>();

function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language}${JSON.stringify(options)}`;
  let found = cache.get(key);
  if (!found) cache.set(key, (found = new Intl.DateTimeFormat(locale(language), options)));
  return found;
}

const sameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString();

/** `12:31` today, `11-08` this year, else the date. */
export function shortTime(time: string, language: string): string {
  const at = new Date(time);
  const now = new Date();
  if (sameDay(at, now)) return format(language, { hour: '2-digit', minute: '2-digit', hour12: false }).format(at);
  if (at.getFullYear() === now.getFullYear())
    return format(language, { month: '2-digit', day: '2-digit' }).format(at).replace('/', '-');
  return format(language, { year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
}

/** `12:31:22`. */
export function secondsTime(time: string, language: string): string {
  return format(language, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }).format(
    new Date(time),
  );
}

/** Date and time. */
export function clockTime(time: string, language: string): string {
  return format(language, { dateStyle: 'medium', timeStyle: 'short', hour12: false }).format(new Date(time));
}

/** A day as a heading: words for today and yesterday. */
export function dayHeading(time: string, language: string, words: { today: string; yesterday: string }): string {
  const at = new Date(time);
  const clock = format(language, { hour: '2-digit', minute: '2-digit', hour12: false }).format(at);
  const yesterday = new Date();
  yesterday.setDate(yesterday.getDate() - 1);
  if (sameDay(at, new Date())) return `${words.today} ${clock}`;
  if (sameDay(at, yesterday)) return `${words.yesterday} ${clock}`;
  return `${format(language, { dateStyle: 'long' }).format(at)} ${clock}`;
}
