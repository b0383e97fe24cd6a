import { button, el } from './dom';
import { textAsHtml } from './quote';
import { tameHtml } from './tame-html';
import type { Texts } from './texts';

/** Where a mail's text is written: plain, or rich with the quote as HTML. */
export class BodyField {
  readonly element: HTMLElement;
  private readonly plain: HTMLTextAreaElement;
  private readonly richText: HTMLElement;
  private readonly marks: HTMLElement;
  private rich = false;

  constructor(
    texts: Texts,
    private readonly quote: { readonly text: string; readonly html: string } | null,
  ) {
    this.plain = el('textarea', { rows: 9, testid: 'mail-text', label: texts.body });
    this.plain.value = quote === null ? '' : `\n\n${quote.text}\n`;
    this.richText = el('div', { className: 'rich', contentEditable: 'true', testid: 'mail-rich', label: texts.body });
    this.richText.setAttribute('role', 'textbox');
    this.richText.setAttribute('aria-multiline', 'true');
    this.marks = el(
      'span',
      { className: 'marks' },
      this.mark('B', 'bold', texts.bold),
      this.mark('I', 'italic', texts.italic),
    );
    const toggle = el('input', { type: 'checkbox', testid: 'mail-html' });
    toggle.addEventListener('change', () => this.switchTo(toggle.checked));
    this.element = el('div', { className: 'body' });
    this.element.append(
      el('div', { className: 'how' }, el('label', {}, toggle, texts.rich), this.marks),
      this.plain,
      this.richText,
    );
    this.show();
  }

  focus(): void {
    this.plain.focus();
    this.plain.setSelectionRange(0, 0);
  }

  /** What was written; `html` only when it was written rich. */
  get written(): { readonly text: string; readonly html?: string } {
    if (!this.rich) return { text: this.plain.value };
    return { text: this.richText.innerText, html: `<div>${this.richText.innerHTML}</div>` };
  }

  /** Nothing besides the quote. */
  get isEmpty(): boolean {
    const quoted = this.rich ? '' : (this.quote?.text ?? '');
    return this.written.text.replace(quoted, '').trim() === '';
  }

  private switchTo(rich: boolean): void {
    const own = this.plain.value.replace(this.quote?.text ?? '', '').trimEnd();
    if (rich)
      this.richText.replaceChildren(tameHtml(`${textAsHtml(own) || '<div><br></div>'}${this.quote?.html ?? ''}`));
    else this.plain.value = this.richText.innerText;
    this.rich = rich;
    this.show();
  }

  private show(): void {
    this.plain.hidden = this.rich;
    this.richText.hidden = !this.rich;
    this.marks.hidden = !this.rich;
  }

  private mark(text: string, command: string, label: string): HTMLButtonElement {
    const made = button(text, () => document.execCommand(command), { label, title: label });
    // The selection stays where it is.
    made.addEventListener('mousedown', (event) => event.preventDefault());
    return made;
  }
}
