import type { Conversation } from '@huiliu/contracts';
import type { TFunction } from 'i18next';
import { memo } from 'react';
import { useTranslation } from '../i18n/i18n';
import { Avatar, useChannelName } from '../ui/avatar';
import { contactName } from '../ui/contact-name';
import { useNow } from '../ui/use-now';
import { clockTime, shortTime } from '../ui/times';
import { waitOf } from './wait';

/** The last line as a list shows it: who, then what, on one line. */
function lastLine(t: TFunction, conversation: Conversation, me: string): string {
  const last = conversation.lastMessage;
  if (!last) return '';
  const label =
    last.content.kind === 'text' || last.content.kind === 'email' ? '' : `[${t(`content.${last.content.kind}`)}] `;
  const words = last.content.kind === 'email' ? [last.content.subject, last.content.text] : [last.content.text];
  const text = `${label}${words.filter((part) => part.trim() !== '').join(' — ')}`
    .slice(0, 500)
    .replace(/\s+/g, ' ')
    .slice(0, 120);
  if (last.direction === 'note') return `${t('list.note')}${text}`;
  if (last.direction !== 'outbound') return text;
  if (last.author.id === me) return `${t('list.you')}${text}`;
  return last.author.name === '' ? text : `${last.author.name}${t('app.colon')}${text}`;
}

function WaitTimer({ since }: { since: string }) {
  const { t } = useTranslation();
  const wait = waitOf(since, useNow());
  const time = wait.unit === 'clock' ? wait.value : t(`wait.${wait.unit}`, { n: wait.value });
  return <span className={`clk ${wait.level}`}>{t(`wait.${wait.level}`, { time })}</span>;
}

interface RowProps {
  readonly conversation: Conversation;
  readonly me: string;
  readonly accountName: string | undefined;
  readonly selected: boolean;
  readonly active: boolean;
  readonly top: number;
  readonly index: number;
  readonly count: number;
  readonly onSelect: (id: string) => void;
}

export const ConversationRow = memo(function ConversationRow({
  conversation,
  me,
  accountName,
  selected,
  active,
  top,
  index,
  count,
  onSelect,
}: RowProps) {
  const { t, i18n } = useTranslation();
  const channelName = useChannelName();
  const name = contactName(t, conversation.contact);
  const at = conversation.lastMessage?.createdAt ?? conversation.createdAt;
  return (
    <div
      className={active ? 'row active' : 'row'}
      role="option"
      id={`row-${conversation.id}`}
      aria-selected={selected}
      aria-posinset={index + 1}
      aria-setsize={count}
      data-testid="conversation-row"
      data-id={conversation.id}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(conversation.id)}
    >
      <Avatar name={name} channel={conversation.channel} />
      <div>
        <div className="who">
          <b>{name}</b>
          <span>{accountName ?? channelName(conversation.channel)}</span>
        </div>
        <div className="last">{lastLine(t, conversation, me)}</div>
      </div>
      <div className="end">
        {conversation.waitingSince !== null && conversation.status === 'open' ? (
          <WaitTimer since={conversation.waitingSince} />
        ) : (
          <time className="clk" dateTime={at} title={clockTime(at, i18n.language)}>
            {shortTime(at, i18n.language)}
          </time>
        )}
        {conversation.unread > 0 && (
          <span className="un">
            <span aria-hidden="true">{conversation.unread > 99 ? '99+' : conversation.unread}</span>
            <span className="sr">{t('list.unread', { count: conversation.unread })}</span>
          </span>
        )}
      </div>
    </div>
  );
});
