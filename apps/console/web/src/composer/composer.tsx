import type { Agent, Conversation } from '@huiliu/contracts';
import { useEffect, useEffectEvent, useMemo, useRef, useState, type ClipboardEvent, type KeyboardEvent } from 'react';
import { useTranslation } from '../i18n/i18n';
import { contentOfFile, write } from '../inbox/actions';
import { useAccounts } from '../inbox/queries';
import { sendTyping } from '../live/use-live';
import { useChannelName } from '../ui/avatar';
import { contactName } from '../ui/contact-name';
import { Icon } from '../ui/icon';
import { browserStore, Drafts } from './drafts';
import { EnterRule } from './enter-key';
import { onFileDrag } from './file-drop';
import { MailRecipients } from './mail-recipients';
import { useReplyWindow, WindowNotice } from './reply-window';
import { removeUpload, uploadAll, useUploads } from './uploads';

const MOST_CHARACTERS = 20_000;

/** Where one writes. What is sent goes to the conversation that it was written in, whichever is on screen by then. */
export function Composer({ conversation, me }: { conversation: Conversation; me: Agent }) {
  const { t } = useTranslation();
  const { id } = conversation;
  const drafts = useMemo(() => new Drafts(browserStore(), me.id), [me.id]);
  const [mode, setMode] = useState<'reply' | 'note'>('reply');
  const [texts, setTexts] = useState(() => ({ reply: drafts.read(id, 'reply'), note: drafts.read(id, 'note') }));
  const [over, setOver] = useState(false);
  const enter = useRef(new EnterRule()).current;
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const allUploads = useUploads((store) => store.items);
  const uploads = allUploads.filter((item) => item.conversationId === id && item.mode === mode);
  const window = useReplyWindow(conversation);
  const noting = mode === 'note';
  const text = texts[mode];
  const tooLong = text.length > MOST_CHARACTERS;
  const uploading = uploads.some((item) => item.file === null);
  const sendable = !tooLong && !uploading && (text.trim() !== '' || uploads.length > 0) && (noting || !window.closed);

  const setText = (value: string): void => {
    setTexts((old) => ({ ...old, [mode]: value }));
    drafts.write(id, value, mode);
    if (!noting && value !== '') sendTyping(id);
  };
  const send = (): void => {
    if (!sendable) return;
    for (const item of uploads) {
      if (item.file) write(id, noting ? 'note' : 'outbound', contentOfFile(item.file), item.name);
      removeUpload(item.key);
    }
    if (text.trim() !== '') write(id, noting ? 'note' : 'outbound', { kind: 'text', text });
    setText('');
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    const { nativeEvent: native } = event;
    if (!enter.sends(native)) return;
    event.preventDefault();
    if (!native.repeat) send();
  };
  const onPaste = (event: ClipboardEvent): void => {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    uploadAll(id, mode, files);
  };
  const onDrop = useEffectEvent((files: readonly File[]) => uploadAll(id, mode, files));
  // Files may be dropped anywhere on the conversation, not on the narrow field alone.
  useEffect(() => {
    const chat = box.current?.closest<HTMLElement>('.chat');
    return chat ? onFileDrag(chat, setOver, (files) => onDrop(files)) : undefined;
  }, []);
  // Who has just chosen a conversation wants to answer; who is busy elsewhere on the page is not disturbed.
  useEffect(() => {
    const at = document.activeElement;
    if (at === null || at === document.body || at.closest('.rows')) field.current?.focus();
  }, []);
  return (
    <div ref={box} className={`comp${noting ? ' noting' : ''}${over ? ' over' : ''}`}>
      <div className="bar">
        <button
          type="button"
          className="square"
          aria-label={t('composer.attach')}
          title={t('composer.attach')}
          onClick={() => picker.current?.click()}
        >
          <Icon name="clip" />
        </button>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          data-testid="composer-file"
          onChange={(event) => {
            uploadAll(id, mode, [...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
        <button
          type="button"
          aria-pressed={noting}
          data-testid="composer-note"
          onClick={() => setMode(noting ? 'reply' : 'note')}
        >
          {t('composer.note')}
        </button>
        {over && <span>{t('composer.drop')}</span>}
        <WindowNotice window={window} />
      </div>
      {!noting && <MailRecipients conversation={conversation} />}
      {uploads.length > 0 && (
        <div className="uploads">
          {uploads.map((item) => (
            <span key={item.key} className="tag">
              {item.file === null ? t('composer.uploading', { name: item.name }) : item.name}
              <button
                type="button"
                aria-label={t('composer.remove', { name: item.name })}
                onClick={() => removeUpload(item.key)}
              >
                ×
              </button>
            </span>
          ))}
        </div>
      )}
      <textarea
        ref={field}
        data-testid="composer-input"
        aria-label={t(noting ? 'composer.noteLabel' : 'composer.label')}
        placeholder={t(noting ? 'composer.notePlaceholder' : 'composer.placeholder')}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        onCompositionStart={() => enter.compositionStart()}
        onCompositionEnd={(event) => enter.compositionEnd(event.nativeEvent.timeStamp)}
        onBlur={() => enter.blur()}
        onPaste={onPaste}
      />
      <div className="foot">
        <Recipient conversation={conversation} noting={noting} />
        {tooLong ? (
          <span role="alert" style={{ color: 'var(--bad)' }}>
            {t('composer.tooLong', { n: MOST_CHARACTERS, now: text.length })}
          </span>
        ) : (
          text !== '' && <span>{t('composer.draft')}</span>
        )}
        <button type="button" className="primary send" data-testid="composer-send" disabled={!sendable} onClick={send}>
          {t(noting ? 'composer.saveNote' : 'composer.send')} <span aria-hidden="true">⏎</span>
        </button>
      </div>
    </div>
  );
}

/** Who will read this: the guard against answering the wrong customer. */
function Recipient({ conversation, noting }: { conversation: Conversation; noting: boolean }) {
  const { t } = useTranslation();
  const channelName = useChannelName();
  const { byId } = useAccounts();
  if (noting) return <span>{t('composer.toNote')}</span>;
  const account = byId.get(conversation.accountId)?.name;
  return (
    <span>
      {t('composer.to')}{' '}
      <b>
        {t('composer.recipient', {
          name: contactName(t, conversation.contact),
          where: [channelName(conversation.channel), account].filter(Boolean).join(' · '),
        })}
      </b>
    </span>
  );
}
