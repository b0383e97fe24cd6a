import type { Content, Message } from '@huiliu/contracts';
import { useMemo, useState } from 'react';
import { messages } from '../api/endpoints';
import { useTranslation } from '../i18n/i18n';
import { downloadFile, FileView } from '../thread/attachment-view';
import { LinkedText } from '../thread/linked-text';
import { addressText } from './addresses';
import { cleanMail, type CleanMail } from './clean-mail';
import { MailFrame } from './mail-frame';
import { usePictures, type Picture } from './use-pictures';

type Mail = Extract<Content, { kind: 'email' }>;

/** One mail: who wrote to whom, what, and what came with it. */
export function MailView({ message, mail }: { message: Message; mail: Mail }) {
  const { t } = useTranslation();
  const clean = useMemo(() => (mail.html.trim() === '' ? null : cleanMail(mail.html)), [mail.html]);
  const files = mail.attachments.filter(({ url }) => clean?.inline.includes(url) !== true);
  return (
    <article className="mail" data-testid="mail">
      <header>
        <h2>{mail.subject.trim() === '' ? t('mail.noSubject') : mail.subject}</h2>
        {mail.automatic !== undefined && (
          <span className="tag v" data-testid="mail-automatic">
            {t(`mail.automatic.${mail.automatic}`)}
          </span>
        )}
        {message.direction === 'inbound' && message.author.id === null && mail.automatic === undefined && (
          <span className="tag v">{t('mail.otherSender')}</span>
        )}
        <Addresses mail={mail} author={message.author.name} />
      </header>
      {clean === null ? <PlainMail mail={mail} /> : <HtmlMail messageId={message.id} mail={mail} clean={clean} />}
      {(mail.omitted ?? []).length > 0 && (
        <ul className="omitted" aria-label={t('mail.omitted')}>
          {mail.omitted?.map((note, i) => (
            <li key={i}>{note}</li>
          ))}
        </ul>
      )}
      {files.length > 0 && (
        <div className="files" role="group" aria-label={t('mail.attachments', { n: files.length })}>
          {files.map((attachment) => (
            <FileView key={attachment.id} attachment={attachment} note="" />
          ))}
        </div>
      )}
      {mail.source !== undefined && (
        <button
          type="button"
          className="quiet source"
          data-testid="mail-source"
          onClick={() => void downloadFile(mail.source!, t)}
        >
          {t('mail.source')}
        </button>
      )}
    </article>
  );
}

function Addresses({ mail, author }: { mail: Mail; author: string }) {
  const { t } = useTranslation();
  const lines: [string, string][] = [
    [t('mail.from'), mail.from ? addressText(mail.from) : author],
    [t('mail.replyTo'), mail.replyTo ? addressText(mail.replyTo) : ''],
    [t('mail.to'), (mail.to ?? []).map(addressText).join(', ')],
    [t('content.cc'), mail.cc.join(', ')],
  ];
  return (
    <dl>
      {lines
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd title={value}>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function PlainMail({ mail }: { mail: Mail }) {
  const [open, setOpen] = useState(false);
  const quoted = mail.quoted ?? '';
  return (
    <>
      <div className="words">
        <LinkedText text={mail.text} />
      </div>
      {quoted !== '' && <QuoteToggle open={open} onToggle={() => setOpen(!open)} />}
      {open && (
        <div className="words quoted" data-testid="mail-quoted">
          <LinkedText text={quoted} />
        </div>
      )}
    </>
  );
}

function HtmlMail({ messageId, mail, clean }: { messageId: string; mail: Mail; clean: CleanMail }) {
  const { t } = useTranslation();
  const [quoted, setQuoted] = useState(false);
  const [remote, setRemote] = useState(false);
  const wanted = useMemo(
    (): Picture[] => [
      ...clean.inline.map((address) => ({ address, from: address })),
      ...(remote ? clean.remote.map((address) => ({ address, from: messages.remoteImage(messageId, address) })) : []),
    ],
    [clean, remote, messageId],
  );
  const pictures = usePictures(wanted);
  return (
    <>
      {clean.remote.length > 0 && !remote && (
        <p className="blocked">
          {t('mail.blocked', { n: clean.remote.length })}{' '}
          <button type="button" data-testid="mail-load-images" onClick={() => setRemote(true)}>
            {t('mail.loadImages')}
          </button>
        </p>
      )}
      <MailFrame
        mail={clean}
        title={t('mail.body', { subject: mail.subject })}
        pictures={pictures}
        showQuoted={quoted}
      />
      {clean.hasQuoted && <QuoteToggle open={quoted} onToggle={() => setQuoted(!quoted)} />}
    </>
  );
}

function QuoteToggle({ open, onToggle }: { open: boolean; onToggle: () => void }) {
  const { t } = useTranslation();
  const label = t(open ? 'mail.hideQuoted' : 'mail.showQuoted');
  return (
    <button
      type="button"
      className="fold"
      aria-expanded={open}
      aria-label={label}
      title={label}
      data-testid="mail-fold"
      onClick={onToggle}
    >
      <span aria-hidden="true">…</span>
    </button>
  );
}
