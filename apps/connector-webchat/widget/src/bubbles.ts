import { make } from './dom';
import { splitLinks } from './links';
import type { Texts } from './texts';
import type { Pending, VisitorMessage } from './types';

interface BubbleActions {
  retry(clientId: string): void;
  fileUrl(id: string): string;
}

/** Makes what a message looks like; its text becomes text nodes only. */
export class Bubbles {
  constructor(
    private readonly texts: Texts,
    private readonly actions: BubbleActions,
    /** A picture came late and made its bubble grow. */
    private readonly grown: () => void,
  ) {}

  /** The clock, with the day when it was another one. */
  private timeOf(createdAt: string): string {
    const at = new Date(createdAt);
    const day: Intl.DateTimeFormatOptions =
      at.toDateString() === new Date().toDateString() ? {} : { month: 'short', day: 'numeric' };
    return at.toLocaleString(this.texts.locale, { ...day, hour: '2-digit', minute: '2-digit', hour12: false });
  }

  /** A message that the server has. */
  of(message: VisitorMessage): HTMLElement {
    const side = message.direction === 'inbound' ? 'm me' : message.direction === 'system' ? 'm sys' : 'm';
    const time = this.timeOf(message.createdAt);
    const who = message.direction === 'outbound' ? `${message.author.name || this.texts.agent} · ` : '';
    const body = message.recalledAt === null ? this.body(message) : make('p', {}, this.texts.recalled);
    const element = make('div', { class: side, 'data-testid': 'widget-message', 'data-id': message.id }, body);
    if (message.direction !== 'system') element.append(make('small', {}, who + time));
    return element;
  }

  private body(message: VisitorMessage): HTMLElement {
    const { content } = message;
    const { attachment } = content;
    if (attachment !== undefined) {
      const url = this.actions.fileUrl(attachment.id);
      const link = make('a', { href: url, target: '_blank', rel: 'noopener noreferrer', download: attachment.name });
      const label = attachment.name || this.texts.file;
      if (content.kind === 'image') link.append(make('img', { src: url, alt: label, load: () => this.grown() }));
      else link.append(label);
      return content.kind === 'image' ? link : make('p', {}, link);
    }
    if (content.kind === 'link' && content.url !== undefined && /^https?:/i.test(content.url)) {
      return make(
        'p',
        {},
        make('a', { href: content.url, target: '_blank', rel: 'noopener noreferrer' }, content.title ?? content.url),
      );
    }
    const parts = splitLinks(content.text).map((part) =>
      part.href === undefined
        ? part.text
        : make('a', { href: part.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, part.text),
    );
    return make('p', {}, ...parts);
  }

  /** One on its way there. */
  ofPending(pending: Pending): HTMLElement {
    const failed = pending.state === 'failed';
    const { failed: notSent, sent, uploading, sending } = this.texts;
    const label = { failed: pending.error ?? notSent, accepted: sent, uploading, sending }[pending.state];
    const small = make('small', { class: failed ? 'bad' : '' }, label);
    if (failed)
      small.append(
        ' ',
        make('button', { type: 'button', click: () => this.actions.retry(pending.clientId) }, this.texts.retry),
      );
    return make(
      'div',
      { class: 'm me', 'data-testid': 'widget-message', 'data-client-id': pending.clientId },
      make('p', {}, pending.label ?? pending.content.text),
      small,
    );
  }
}
