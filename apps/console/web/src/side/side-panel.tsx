import type { Agent, Conversation, Priority } from '@huiliu/contracts';
import { useState, type FormEvent } from 'react';
import { conversations } from '../api/endpoints';
import { useTranslation } from '../i18n/i18n';
import { act } from '../inbox/actions';
import { useAccounts, useTeams } from '../inbox/queries';
import { useInbox } from '../inbox/store';
import { Avatar, useChannelName } from '../ui/avatar';
import { contactName } from '../ui/contact-name';
import { clockTime } from '../ui/times';
import { Decisions } from './decisions';
import { Others } from './others';

const PRIORITIES: readonly Priority[] = ['low', 'normal', 'high', 'urgent'];

/** The right column: who the customer is and how the conversation came here. */
export function SidePanel({ id, me }: { id: string; me: Agent }) {
  const { t } = useTranslation();
  const conversation = useInbox((store) => store.inbox.conversations.get(id)?.value);
  return (
    <aside className="side" aria-label={t('side.label')} tabIndex={0}>
      {conversation && (
        <>
          <Profile conversation={conversation} />
          <Others conversation={conversation} />
          <Tags conversation={conversation} />
          <Decisions conversation={conversation} me={me} />
        </>
      )}
    </aside>
  );
}

function Profile({ conversation }: { conversation: Conversation }) {
  const { t, i18n } = useTranslation();
  const channelName = useChannelName();
  const account = useAccounts().byId.get(conversation.accountId)?.name;
  const team = useTeams().byId.get(conversation.teamId ?? '')?.name;
  const { contact, session } = conversation;
  const time = (at: string): string => clockTime(at, i18n.language);
  return (
    <>
      <div className="person">
        <Avatar name={contactName(t, contact)} large />
        <div>
          <b>{contactName(t, contact)}</b>
          <span className="sub">{[channelName(conversation.channel), account].filter(Boolean).join(' · ')}</span>
        </div>
      </div>
      <h2>{t('side.profile')}</h2>
      <dl className="kv">
        <dt>{t('side.remoteId')}</dt>
        <dd>{contact.remoteId}</dd>
        <dt>{t('side.first')}</dt>
        <dd>{time(conversation.createdAt)}</dd>
        <dt>{t('side.session')}</dt>
        <dd>{session ? time(session.startedAt) : t('side.none')}</dd>
        {session && (
          <>
            <dt>{t('side.firstReply')}</dt>
            <dd>{session.firstReplyAt === null ? t('side.notYet') : time(session.firstReplyAt)}</dd>
          </>
        )}
        <dt>{t('side.assignee')}</dt>
        <dd>{conversation.assignee?.name ?? t('side.none')}</dd>
        {team !== undefined && (
          <>
            <dt>{t('side.team')}</dt>
            <dd>{team}</dd>
          </>
        )}
        <dt>
          <label htmlFor="priority">{t('side.priority')}</label>
        </dt>
        <dd>
          <select
            id="priority"
            className="input"
            data-testid="priority"
            value={conversation.priority}
            onChange={(event) =>
              void act(() => conversations.update(conversation.id, { priority: event.target.value as Priority }))
            }
          >
            {PRIORITIES.map((name) => (
              <option key={name} value={name}>
                {t(`priority.${name}`)}
              </option>
            ))}
          </select>
        </dd>
      </dl>
    </>
  );
}

function Tags({ conversation }: { conversation: Conversation }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const { id, tags } = conversation;
  const add = (event: FormEvent): void => {
    event.preventDefault();
    const tag = typed.trim();
    if (tag === '') return;
    setTyped('');
    if (!tags.includes(tag)) void act(() => conversations.update(id, { tags: [...tags, tag] }));
  };
  return (
    <>
      <h2>{t('side.tags')}</h2>
      {tags.length === 0 && <p className="hint">{t('side.noTags')}</p>}
      {tags.map((tag) => (
        <span key={tag} className="tag">
          {tag}
          <button
            type="button"
            aria-label={t('side.removeTag', { tag })}
            onClick={() => void act(() => conversations.update(id, { tags: tags.filter((one) => one !== tag) }))}
          >
            ×
          </button>
        </span>
      ))}
      <form className="tagger" onSubmit={add}>
        <input
          className="input"
          aria-label={t('side.tagLabel')}
          placeholder={t('side.addTag')}
          data-testid="tag-input"
          maxLength={64}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </form>
    </>
  );
}
