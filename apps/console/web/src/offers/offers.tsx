import type { Agent, Offer } from '@huiliu/contracts';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { offers as api } from '../api/endpoints';
import { asApiError } from '../api/errors';
import { useTranslation, wordsOf } from '../i18n/i18n';
import { useInbox } from '../inbox/store';
import { contactName } from '../ui/contact-name';
import { toast } from '../ui/toast';
import { useNow } from '../ui/use-now';

/** Invitations to me, each until it ends or runs out. */
export function Offers({ me }: { me: Agent }) {
  const offers = useInbox((store) => store.offers);
  const now = useNow();
  const open = offers.filter((offer) => offer.agentId === me.id && Date.parse(offer.expiresAt) > now);
  return (
    <div className="offers" aria-live="assertive">
      {open.map((offer) => (
        <OfferCard key={offer.id} offer={offer} seconds={Math.floor((Date.parse(offer.expiresAt) - now) / 1000)} />
      ))}
    </div>
  );
}

function OfferCard({ offer, seconds }: { offer: Offer; seconds: number }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const contact = useInbox((store) => store.inbox.conversations.get(offer.conversationId)?.value.contact);
  const answer = async (choice: 'accept' | 'decline'): Promise<void> => {
    setBusy(true);
    try {
      await api.answer(offer.id, choice);
      useInbox.setState((store) => ({ offers: store.offers.filter((one) => one.id !== offer.id) }));
      if (choice === 'accept') void navigate(`/?c=${offer.conversationId}`);
    } catch (thrown) {
      const error = asApiError(thrown);
      const late = error.status === 404 || error.status === 409;
      if (late) useInbox.setState((store) => ({ offers: store.offers.filter((one) => one.id !== offer.id) }));
      toast(late ? t('offer.late') : t('app.failed', { why: wordsOf(t, error) }), 'bad');
      setBusy(false);
    }
  };
  return (
    <section className="offer" data-testid="offer" aria-label={t('offer.title')}>
      <h2>
        {t('offer.title')}
        <span aria-live="off">{t('offer.left', { n: seconds })}</span>
      </h2>
      <p>{t('offer.text', { name: contact ? contactName(t, contact) : t('offer.unknown') })}</p>
      <div className="buttons">
        <button
          type="button"
          className="plain"
          data-testid="offer-decline"
          disabled={busy}
          onClick={() => void answer('decline')}
        >
          {t('offer.decline')}
        </button>
        <button
          type="button"
          className="primary"
          data-testid="offer-accept"
          disabled={busy}
          onClick={() => void answer('accept')}
        >
          {t('offer.accept')}
        </button>
      </div>
    </section>
  );
}
