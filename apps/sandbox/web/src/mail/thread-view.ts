import { api, type Mail } from './api';
import { button, el } from './dom';
import { mailBody } from './mail-body';
import { nameOf } from './quote';
import type { Language, Texts } from './texts';
import type { Thread } from './threads';

interface View {
  readonly me: string;
  readonly texts: Texts;
  readonly language: Language;
  readonly onReply: (mail: Mail, all: boolean) => void;
}

/** One thread, read from top to bottom, with the ways to answer its last mail. */
export function threadView(thread: Thread, view: View): HTMLElement {
  const { texts } = view;
  const { last } = thread;
  const others = last.to.length + last.cc.length > 1;
  return el(
    'article',
    { className: 'thread', testid: 'mail-thread' },
    el('h1', {}, thread.mails[0]?.subject || texts.noSubject),
    ...thread.mails.map((mail) => mailView(mail, view)),
    el(
      'div',
      { className: 'acts' },
      button(texts.reply, () => view.onReply(last, false), { testid: 'mail-reply', className: 'button primary' }),
      others ? button(texts.replyAll, () => view.onReply(last, true), { testid: 'mail-reply-all' }) : null,
    ),
  );
}

function mailView(mail: Mail, { me, texts, language }: View): HTMLElement {
  const at = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  const files = mail.attachments.map(({ name, size }, index) =>
    el(
      'a',
      { href: api.fileUrl(me, mail.id, index), download: name, testid: 'mail-file' },
      `${name} · ${sizeOf(size)}`,
    ),
  );
  return el(
    'section',
    { className: `mail ${mail.folder}`, testid: 'mail', label: nameOf(mail.from) },
    el(
      'header',
      {},
      el('b', {}, nameOf(mail.from)),
      el('time', { dateTime: mail.at }, at.format(new Date(mail.at))),
      el('span', { className: 'people' }, `${texts.to} ${mail.to.map(nameOf).join(', ')}`),
      mail.cc.length === 0
        ? null
        : el('span', { className: 'people' }, `${texts.cc} ${mail.cc.map(nameOf).join(', ')}`),
      el(
        'a',
        { href: api.sourceUrl(me, mail.id), download: '', className: 'source', testid: 'mail-source' },
        texts.source,
      ),
    ),
    mailBody(mail, { empty: texts.empty, title: mail.subject || texts.noSubject }),
    files.length === 0 ? null : el('div', { className: 'files' }, ...files),
  );
}

export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
