import { STYLE } from './style';
import type { Texts } from './texts';
import type { Pending, VisitorMessage } from './types';

export interface ViewActions {
  opened(): void;
  send(text: string): void;
  sendFile(file: File): void;
  retry(clientId: string): void;
  typing(): void;
  fileUrl(id: string): string;
}

type Attributes = Record<string, string | boolean | ((event: Event) => void)>;

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (typeof value === 'string') element.setAttribute(name, value);
    else element.toggleAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}

const CHAT = 'M4 5h16v11H9l-5 4z';
const DOWN = 'M6 9l6 6 6-6';
const CLIP = 'M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 5 5l-8.6 8.5a1.7 1.7 0 0 1-2.4-2.4L14.5 8';
/** How near the end counts as reading along, px. */
const NEAR_END = 80;

/** What is on the page: everything in one shadow root, message text as text nodes only. */
export class View {
  readonly host = make('div', { id: 'huiliu-widget', 'data-theme': 'auto' });
  private readonly log = make('div', { class: 'log', role: 'log', 'aria-live': 'polite', tabindex: '0' });
  private readonly title = make('b');
  private readonly note = make('div', { class: 'note', role: 'status', hidden: true });
  private readonly typingLine = make('div', { class: 'typing', 'aria-live': 'off' });
  private readonly badge = make('span', { class: 'badge', hidden: true });
  private readonly input = make('textarea', { rows: '1', 'data-testid': 'widget-input', maxlength: '5000' });
  private readonly sendButton: HTMLButtonElement;
  private readonly launch: HTMLButtonElement;
  private readonly panel: HTMLElement;
  private typingTimer: number | undefined;

  constructor(
    private readonly texts: Texts,
    private readonly actions: ViewActions,
    title: string | undefined,
  ) {
    const root = this.host.attachShadow({ mode: 'open' });
    const file = make('input', {
      type: 'file',
      hidden: true,
      'data-testid': 'widget-file',
      change: () => this.pickFile(file),
    });
    this.sendButton = make(
      'button',
      { type: 'submit', class: 'send', disabled: true, 'data-testid': 'widget-send' },
      texts.send,
    );
    this.launch = make(
      'button',
      { class: 'launch', 'data-testid': 'widget-open', 'aria-label': texts.open, click: () => this.open() },
      icon(CHAT),
      this.badge,
    );
    this.title.textContent = title ?? texts.title;
    this.input.placeholder = texts.placeholder;
    this.input.setAttribute('aria-label', texts.placeholder);
    this.log.setAttribute('aria-label', texts.title);
    this.panel = make(
      'section',
      {
        class: 'panel',
        hidden: true,
        role: 'dialog',
        'aria-label': texts.title,
        keydown: (event) => this.keyInPanel(event as KeyboardEvent),
      },
      make(
        'header',
        {},
        this.title,
        make(
          'button',
          { 'aria-label': texts.close, 'data-testid': 'widget-close', click: () => this.close() },
          icon(DOWN),
        ),
      ),
      this.note,
      this.log,
      this.typingLine,
      make(
        'form',
        { submit: (event) => this.submit(event) },
        make(
          'button',
          { type: 'button', class: 'icon', 'aria-label': texts.attach, click: () => file.click() },
          icon(CLIP),
        ),
        file,
        this.input,
        this.sendButton,
      ),
    );
    this.listenToInput();
    // A constructed sheet, since a host page's CSP may forbid style elements.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    root.append(this.launch, this.panel);
    document.body.append(this.host);
  }

  isOpen(): boolean {
    return !this.panel.hidden;
  }

  /** Whether the visitor has the newest message before their eyes. */
  isReading(): boolean {
    return this.isOpen() && document.visibilityState === 'visible';
  }

  setTitle(name: string): void {
    this.title.textContent = name;
  }

  setUnread(count: number): void {
    this.badge.hidden = count === 0;
    this.badge.textContent = count > 99 ? '99+' : String(count);
    this.launch.setAttribute(
      'aria-label',
      count === 0 ? this.texts.open : `${this.texts.open} (${this.texts.unread(count)})`,
    );
  }

  /** A line above the messages; null takes it away. */
  setNote(text: string | null): void {
    this.note.hidden = text === null;
    this.note.textContent = text;
  }

  showTyping(): void {
    this.typingLine.textContent = this.texts.typing;
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => this.hideTyping(), 5000);
  }

  hideTyping(): void {
    this.typingLine.textContent = '';
  }

  draw(messages: readonly VisitorMessage[], pending: readonly Pending[]): void {
    const follow = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END;
    const nodes: Node[] = [make('div', { class: 'day' }, this.texts.hello)];
    for (const message of messages) nodes.push(this.bubble(message));
    for (const one of pending) nodes.push(this.pendingBubble(one));
    this.log.replaceChildren(...nodes);
    if (follow) this.log.scrollTop = this.log.scrollHeight;
  }

  private bubble(message: VisitorMessage): HTMLElement {
    const side = message.direction === 'inbound' ? 'm me' : message.direction === 'system' ? 'm sys' : 'm';
    const time = new Date(message.createdAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
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
      if (content.kind === 'image') link.append(make('img', { src: url, alt: label, loading: 'lazy' }));
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
    return make('p', {}, content.text);
  }

  private pendingBubble(pending: Pending): HTMLElement {
    const failed = pending.state === 'failed';
    const label = failed ? this.texts.failed : pending.state === 'accepted' ? this.texts.sent : this.texts.sending;
    const small = make(
      'small',
      { class: failed ? 'bad' : '' },
      pending.error === undefined ? label : `${label}: ${pending.error}`,
    );
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

  open(): void {
    this.panel.hidden = false;
    this.launch.hidden = true;
    this.log.scrollTop = this.log.scrollHeight;
    this.input.focus();
    this.actions.opened();
  }

  private close(): void {
    this.panel.hidden = true;
    this.launch.hidden = false;
    this.launch.focus();
  }

  private keyInPanel(event: KeyboardEvent): void {
    if (event.key === 'Escape' && !event.isComposing) this.close();
    event.stopPropagation();
  }

  private listenToInput(): void {
    this.input.addEventListener('keydown', (event) => {
      // An input method takes Enter to choose a word: it is not ours while composing (229: browsers that report late).
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      this.submit(event);
    });
    this.input.addEventListener('input', () => {
      this.sendButton.disabled = this.input.value.trim() === '';
      this.input.style.height = 'auto';
      this.input.style.height = `${this.input.scrollHeight}px`;
      if (!this.sendButton.disabled) this.actions.typing();
    });
    this.input.addEventListener('paste', (event) => {
      const picture = [...(event.clipboardData?.files ?? [])][0];
      if (picture === undefined) return;
      event.preventDefault();
      this.actions.sendFile(picture);
    });
  }

  private submit(event: Event): void {
    event.preventDefault();
    const text = this.input.value.trim();
    if (text === '') return;
    this.input.value = '';
    this.input.dispatchEvent(new Event('input'));
    this.actions.send(text);
    this.log.scrollTop = this.log.scrollHeight;
  }

  private pickFile(input: HTMLInputElement): void {
    const [file] = input.files ?? [];
    input.value = '';
    if (file !== undefined) this.actions.sendFile(file);
  }
}
