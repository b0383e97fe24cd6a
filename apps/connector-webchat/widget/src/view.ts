import { Bubbles } from './bubbles';
import { icon, make } from './dom';
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

const CHAT = 'M4 5h16v11H9l-5 4z';
const DOWN = 'M6 9l6 6 6-6';
const CLIP = 'M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 5 5l-8.6 8.5a1.7 1.7 0 0 1-2.4-2.4L14.5 8';
/** How near the end counts as reading along, px. */
const NEAR_END = 80;
const FLASH_MS = 8000;

/** A line of the log, and what it was made of. */
interface Line {
  readonly made: string;
  readonly element: HTMLElement;
}

/** What is on the page: everything in one shadow root, message text as text nodes only. */
export class View {
  readonly host = make('div', { id: 'huiliu-widget', 'data-theme': 'auto' });
  private readonly log = make('div', { class: 'log', role: 'log', 'aria-live': 'polite', tabindex: '0' });
  private readonly title = make('b');
  private readonly note = make('div', { class: 'note', role: 'status', hidden: true });
  private readonly typingLine = make('div', { class: 'typing', 'aria-live': 'off' });
  private readonly badge = make('span', { class: 'badge', 'aria-hidden': 'true', hidden: true });
  private readonly launchName = make('span', { class: 'sr' });
  private readonly input = make('textarea', { rows: '1', 'data-testid': 'widget-input', maxlength: '5000' });
  private readonly sendButton: HTMLButtonElement;
  private readonly launch: HTMLButtonElement;
  private readonly panel: HTMLElement;
  private typingTimer: number | undefined;
  private flashTimer: number | undefined;
  private lines = new Map<string, Line>();
  private readonly bubbles: Bubbles;

  constructor(
    private readonly texts: Texts,
    private readonly actions: ViewActions,
    title: string | undefined,
  ) {
    this.bubbles = new Bubbles(texts, actions, () => this.grown());
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
      { class: 'launch', 'data-testid': 'widget-open', click: () => this.open() },
      icon(CHAT),
      this.launchName,
      this.badge,
    );
    this.launchName.textContent = texts.open;
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
          { class: 'close', 'aria-label': texts.close, 'data-testid': 'widget-close', click: () => this.close() },
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
    this.launchName.textContent = count === 0 ? this.texts.open : `${this.texts.open} (${this.texts.unread(count)})`;
  }

  /** A line above the messages; null takes it away. */
  setNote(text: string | null): void {
    clearTimeout(this.flashTimer);
    this.note.hidden = text === null;
    this.note.textContent = text;
  }

  /** A line that goes by itself. */
  flash(text: string): void {
    this.setNote(text);
    this.flashTimer = setTimeout(() => this.setNote(null), FLASH_MS);
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
    const before = this.lines;
    this.lines = new Map();
    const line = (key: string, made: string, make: () => HTMLElement): void => {
      const known = before.get(key);
      this.lines.set(key, known?.made === made ? known : { made, element: make() });
    };
    line('', '', () => make('div', { class: 'day' }, this.texts.hello));
    for (const one of messages) line(one.clientId ?? one.id, JSON.stringify(one), () => this.bubbles.of(one));
    for (const one of pending) line(one.clientId, JSON.stringify(one), () => this.bubbles.ofPending(one));
    this.arrange();
    if (follow) this.toEnd();
  }

  /** Only what changed is touched: screen readers read out what is added, and a selection stays. */
  private arrange(): void {
    const wanted = [...this.lines.values()].map((line) => line.element);
    const kept = new Set<Element>(wanted);
    for (const element of [...this.log.children]) if (!kept.has(element)) element.remove();
    wanted.forEach((element, i) => {
      const there = this.log.children[i];
      if (there !== element) this.log.insertBefore(element, there ?? null);
    });
  }

  private toEnd(): void {
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** A picture came late: who read the end still does. */
  private grown(): void {
    if (this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END + 240) this.toEnd();
  }

  open(): void {
    this.panel.hidden = false;
    this.launch.hidden = true;
    this.toEnd();
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
    this.toEnd();
    this.input.focus();
  }

  private pickFile(input: HTMLInputElement): void {
    const [file] = input.files ?? [];
    input.value = '';
    if (file !== undefined) this.actions.sendFile(file);
  }
}
