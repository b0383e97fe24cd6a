import { api, type Draft, type Mail, type Person, Refused, type Uploaded } from './api';
import { BodyField } from './body-field';
import { button, el } from './dom';
import { answerSubject, quoteHtml, quoteText, recipients } from './quote';
import type { Language, Texts } from './texts';
import { sizeOf } from './thread-view';

export interface ComposerOptions {
  readonly me: Person;
  readonly to: string;
  readonly texts: Texts;
  readonly language: Language;
  readonly answers: { readonly mail: Mail; readonly all: boolean } | null;
  /** The sender is somebody else now. */
  readonly onMe: (me: Person) => void;
  readonly onSent: (id: number) => void;
  readonly onCancel: () => void;
}

const MAX_FILE = 20 * 1024 * 1024;
const ADDRESS = /^[^\s@<>"(),;:\\[\]]+@[^\s@<>"(),;:\\[\]]+$/;

/** Where a mail is written: a new one, or an answer with its quote. */
export function composer(options: ComposerOptions): HTMLElement {
  const { texts, answers, language, me } = options;
  const people = answers === null ? { to: [options.to], cc: [] } : recipients(answers.mail, me.address, answers.all);
  const field = (testid: string, label: string, value: string, type = 'text') => {
    const input = el('input', { type, value, testid, autocomplete: 'off' });
    return { input, row: el('label', { className: 'row' }, el('span', {}, label), input) };
  };
  const name = field('mail-from-name', texts.fromName, me.name);
  const address = field('mail-from', texts.fromAddress, me.address, 'email');
  const to = field('mail-to', texts.to, people.to.join(', '));
  const cc = field('mail-cc', texts.cc, people.cc.join(', '));
  const subject = field('mail-subject', texts.subject, answers === null ? '' : answerSubject(answers.mail.subject));
  const quote =
    answers === null ? null : { text: quoteText(answers.mail, language), html: quoteHtml(answers.mail, language) };
  const body = new BodyField(texts, quote);
  const files = new Files(texts, (problem) => say(problem));
  const problem = el('p', { className: 'problem', hidden: true, testid: 'mail-problem' });
  problem.setAttribute('role', 'alert');
  const send = el('button', { type: 'submit', className: 'button primary', testid: 'mail-send' }, texts.send);

  const say = (text: string | null): void => {
    problem.textContent = text ?? '';
    problem.hidden = text === null;
  };
  const draft = (): Draft => ({
    from: { name: name.input.value.trim(), address: address.input.value.trim() },
    to: addressesIn(to.input.value),
    cc: addressesIn(cc.input.value),
    subject: subject.input.value,
    ...body.written,
    ...(answers === null ? {} : { answers: answers.mail.id }),
    attachments: files.ids,
  });
  const submit = async (): Promise<void> => {
    const mail = draft();
    const wrong = complaint(mail, body.isEmpty, texts);
    say(wrong);
    if (wrong !== null) return;
    send.disabled = true;
    send.textContent = texts.sending;
    try {
      const { id } = await api.send(mail);
      options.onMe(mail.from);
      options.onSent(id);
    } catch (error) {
      say(reasonOf(error, texts));
      send.disabled = false;
      send.textContent = texts.send;
    }
  };
  const form = el(
    'form',
    { className: 'composer', testid: 'mail-composer', noValidate: true },
    answers === null ? el('h1', {}, texts.newMail) : null,
    answers === null ? el('div', { className: 'two' }, name.row, address.row) : null,
    to.row,
    cc.row,
    subject.row,
    body.element,
    files.element,
    problem,
    el('div', { className: 'acts' }, send, button(texts.cancel, options.onCancel, { testid: 'mail-cancel' })),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  queueMicrotask(() => (answers === null ? subject.input.focus() : body.focus()));
  return form;
}

function addressesIn(text: string): string[] {
  return text
    .split(/[,;，；\s]+/)
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function complaint(mail: Draft, empty: boolean, texts: Texts): string | null {
  if (!ADDRESS.test(mail.from.address)) return texts.badFrom;
  if (mail.to.length === 0 || ![...mail.to, ...mail.cc].every((one) => ADDRESS.test(one))) return texts.needTo;
  return empty && mail.attachments.length === 0 ? texts.needText : null;
}

function reasonOf(error: unknown, texts: Texts): string {
  if (!(error instanceof Refused)) return texts.failed;
  if (error.code === 'full') return texts.full;
  if (error.code === 'too_large') return texts.tooLarge;
  return error.fields.some((field) => /^(answers|attachments)/.test(field)) ? texts.gone : texts.failed;
}

/** The files that go along. */
class Files {
  readonly element: HTMLElement;
  private uploaded: Uploaded[] = [];
  private readonly list = el('span', { className: 'files' });

  constructor(
    private readonly texts: Texts,
    private readonly say: (problem: string | null) => void,
  ) {
    const input = el('input', { type: 'file', multiple: true, hidden: true, testid: 'mail-attach' });
    input.addEventListener('change', () => {
      for (const file of input.files ?? []) void this.add(file);
      input.value = '';
    });
    this.element = el(
      'div',
      { className: 'attach' },
      input,
      button(texts.attach, () => input.click()),
      this.list,
    );
  }

  get ids(): string[] {
    return this.uploaded.map(({ id }) => id);
  }

  private async add(file: File): Promise<void> {
    this.say(file.size > MAX_FILE ? this.texts.tooLarge : null);
    if (file.size > MAX_FILE) return;
    try {
      this.uploaded.push(await api.upload(file));
      this.draw();
    } catch (error) {
      this.say(reasonOf(error, this.texts));
    }
  }

  private draw(): void {
    const chips = this.uploaded.map((file) => {
      const remove = (): void => {
        this.uploaded = this.uploaded.filter((one) => one !== file);
        this.draw();
      };
      const label = this.texts.remove(file.name);
      return el(
        'span',
        { className: 'chip' },
        `${file.name} · ${sizeOf(file.size)}`,
        button('×', remove, { label, className: 'x' }),
      );
    });
    this.list.replaceChildren(...chips);
  }
}
