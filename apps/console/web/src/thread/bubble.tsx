import type { Message } from '@huiliu/contracts';
import { memo, useState } from 'react';
import { messages } from '../api/endpoints';
import { useTranslation } from '../i18n/i18n';
import { actOnMessage } from '../inbox/actions';
import { Confirm } from '../ui/confirm';
import { secondsTime } from '../ui/times';
import { MessageContent } from './message-content';

const SHAPES = { inbound: 'm', outbound: 'm o', note: 'm n', system: 'sys' } as const;
const BARE = new Set([
  'image',
  'file',
  'audio',
  'video',
  'card',
  'link',
  'sticker',
  'location',
  'email',
  'menu',
  'contact',
]);

interface BubbleProps {
  readonly message: Message;
  /** Whose conversation it is: who else speaks in it, as in a group, is named. */
  readonly contactName: string | null;
}

/** One message. Only its own changes render it again. */
export const Bubble = memo(function Bubble({ message, contactName }: BubbleProps) {
  const { t } = useTranslation();
  const { content, direction, author } = message;
  const shared = {
    'data-testid': 'message-bubble',
    'data-key': message.id,
    'data-line': 'message',
    'data-state': message.state,
    'data-direction': direction,
  };
  if (direction === 'system') {
    return (
      <div className="sys" {...shared}>
        {systemText(message, t)}
      </div>
    );
  }
  const recalled = message.recalledAt !== null;
  const bare = BARE.has(content.kind) && !recalled;
  const classes = [SHAPES[direction], recalled && 'gone', content.kind === 'email' && 'wide'].filter(Boolean).join(' ');
  return (
    <div className={classes} {...shared}>
      {bare ? (
        <MessageContent message={message} />
      ) : (
        <div className="say">
          {direction === 'note' && (
            <b>
              {t('bubble.note')} · {author.name}
              {t('app.colon')}
            </b>
          )}
          <MessageContent message={message} />
        </div>
      )}
      <Meta message={message} contactName={contactName} />
    </div>
  );
});

/** Under a message: when, by whom, and what became of it. */
function Meta({ message, contactName }: BubbleProps) {
  const { t, i18n } = useTranslation();
  const [asking, setAsking] = useState<'resend' | 'recall' | null>(null);
  const { conversationId, id, state, author, direction, recalledAt } = message;
  const run = (work: () => Promise<unknown>): void => void actOnMessage(conversationId, work);
  const trouble = state === 'failed' || state === 'unknown';
  const isOther = direction === 'inbound' && contactName !== null && author.name !== contactName;
  const parts = [
    isOther ? author.name : null,
    secondsTime(message.createdAt, i18n.language),
    direction === 'outbound' ? authorOf(message, t) : null,
    recalledAt !== null ? t('bubble.recalled') : direction === 'outbound' ? stateOf(message, t) : null,
  ].filter((part) => part !== null && part !== '');
  return (
    <div className={trouble ? 'meta f' : 'meta'} title={recalledAt === null ? undefined : t('bubble.recalledHint')}>
      {direction === 'outbound' &&
        author.type === 'agent' &&
        recalledAt === null &&
        (state === 'sent' || state === 'delivered' || state === 'read') && (
          <button type="button" className="recall" onClick={() => setAsking('recall')}>
            {t('bubble.recall')}
          </button>
        )}
      {direction === 'note' ? secondsTime(message.createdAt, i18n.language) : parts.join(' · ')}
      {state === 'failed' && (
        <button
          type="button"
          data-testid="message-retry"
          onClick={() => run(() => messages.retry(conversationId, id, false))}
        >
          {t('bubble.retry')}
        </button>
      )}
      {state === 'unknown' && (
        <>
          <button type="button" data-testid="message-resend" onClick={() => setAsking('resend')}>
            {t('bubble.resend')}
          </button>
          <button
            type="button"
            data-testid="message-confirm"
            onClick={() => run(() => messages.confirm(conversationId, id))}
          >
            {t('bubble.confirm')}
          </button>
        </>
      )}
      {asking !== null && (
        <Confirm
          title={t(asking === 'resend' ? 'bubble.resend' : 'bubble.recall')}
          text={t(asking === 'resend' ? 'bubble.resendAsk' : 'bubble.recallAsk')}
          action={t(asking === 'resend' ? 'bubble.resend' : 'bubble.recall')}
          onConfirm={() =>
            run(() =>
              asking === 'resend' ? messages.retry(conversationId, id, true) : messages.recall(conversationId, id),
            )
          }
          onClose={() => setAsking(null)}
        />
      )}
    </div>
  );
}

type Translate = ReturnType<typeof useTranslation>['t'];

function systemText({ content, error }: Message, t: Translate): string {
  if (content.kind !== 'event') return content.text;
  const { type, key, platformType } = content.event;
  if (platformType === 'hand_over' || platformType === 'handed_over' || platformType === 'handover_failed')
    return t(`event.${platformType}`, { name: key ?? '', why: error?.message ?? '' });
  return content.text === '' ? t(`event.${type}`) : content.text;
}

function authorOf({ author }: Message, t: Translate): string {
  if (author.type === 'external') return `${author.name} ${t('bubble.external')}`.trim();
  if (author.type === 'bot' || author.type === 'auto') return `${author.name} (${t(`bubble.${author.type}`)})`.trim();
  return author.name;
}

function stateOf({ state, error }: Message, t: Translate): string {
  const words = t(`bubble.${state}`);
  if (state === 'failed' && error) return `${words}${t('app.colon')}${error.message}`;
  return state === 'unknown' ? `${words}${t('app.colon')}${error?.message ?? t('bubble.unknownHelp')}` : words;
}
