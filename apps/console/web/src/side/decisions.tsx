import type { Agent, Conversation, Decision } from '@huiliu/contracts';
import { useState } from 'react';
import { useTranslation } from '../i18n/i18n';
import { useDecisions } from '../inbox/queries';
import { clockTime } from '../ui/times';
import { explain } from './decision-words';

/** Why this conversation is with whom it is with, in words; the newest decision first. */
export function Decisions({ conversation, me }: { conversation: Conversation; me: Agent }) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const { assignee } = conversation;
  const query = useDecisions(conversation.id, assignee?.id ?? null);
  const decisions = [...(query.data?.items ?? [])].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const heading =
    assignee === null
      ? t('side.whyNobody')
      : assignee.id === me.id
        ? t('side.whyMe')
        : t('side.why', { name: assignee.name });
  return (
    <>
      <h2>{heading}</h2>
      {decisions.length === 0 && <p className="hint">{t(query.isPending ? 'app.loading' : 'side.noDecisions')}</p>}
      {(all ? decisions : decisions.slice(0, 1)).map((decision) => (
        <Why key={decision.id} decision={decision} />
      ))}
      {!all && decisions.length > 1 && (
        <button type="button" className="quiet" onClick={() => setAll(true)}>
          {t('side.earlier', { count: decisions.length - 1 })}
        </button>
      )}
    </>
  );
}

function Why({ decision }: { decision: Decision }) {
  const { t, i18n } = useTranslation();
  const words = explain(decision);
  return (
    <div className="why" data-testid="decision">
      <b>{t(words.title.key, words.title.values)}</b>
      <p>{t(`why.strategy.${decision.reason.strategy}`)}</p>
      {words.facts.length > 0 && (
        <p>{words.facts.map((fact) => t(fact.key, fact.values)).join(i18n.language === 'en' ? '; ' : '；')}</p>
      )}
      {words.available.length + words.excluded.length > 0 && (
        <ul>
          {words.available.map((one) => (
            <li key={one.agentId}>
              <span>{one.name}</span>
              <span>
                {one.load}/{one.capacity}
              </span>
            </li>
          ))}
          {words.excluded.map((one) => (
            <li key={one.agentId}>
              <span>{one.name}</span>
              <span>
                {t(`why.excluded.${one.excluded ?? 'offline'}`)} {one.load}/{one.capacity}
              </span>
            </li>
          ))}
        </ul>
      )}
      <small>{clockTime(decision.createdAt, i18n.language)}</small>
    </div>
  );
}
