import type { Message } from '@huiliu/contracts';

/** A line of the thread: a day's heading or a message. */
export type ThreadLine =
  | { readonly kind: 'day'; readonly key: string; readonly at: string }
  | { readonly kind: 'message'; readonly key: string; readonly message: Message };

function dayOf(time: string): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** Messages by `seq` with a heading where the viewer's day changes. */
export function linesOf(messages: readonly Message[]): ThreadLine[] {
  const lines: ThreadLine[] = [];
  let day = '';
  for (const message of messages) {
    const today = dayOf(message.createdAt);
    if (today !== day) lines.push({ kind: 'day', key: `day-${message.id}`, at: message.createdAt });
    day = today;
    lines.push({ kind: 'message', key: message.id, message });
  }
  return lines;
}
