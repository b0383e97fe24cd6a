import type { Conversation } from '@huiliu/contracts';
import { useQuery } from '@tanstack/react-query';
import { conversations } from '../api/endpoints';
import { useTranslation } from '../i18n/i18n';
import { useChannels } from '../inbox/queries';
import { addressText, replySubject } from '../mail/addresses';

/** In a mail thread: whom the answer goes to and under which subject, as the server will send it. */
export function MailRecipients({ conversation }: { conversation: Conversation }) {
  const { t } = useTranslation();
  const channels = useChannels();
  const definition = channels.data?.items.find(({ channel }) => channel === conversation.channel);
  const isMail = definition?.inbound.includes('email') === true;
  const { data } = useQuery({
    // With each message it may be another mail that is answered.
    queryKey: ['mail-reply', conversation.id, conversation.lastMessage?.id],
    queryFn: ({ signal }) => conversations.mailReply(conversation.id, signal),
    enabled: isMail,
  });
  const mail = data?.mail;
  if (!isMail || !mail) return null;
  const lines: [string, string][] = [
    [t('mail.to'), mail.to.map(addressText).join(', ')],
    [t('content.cc'), mail.cc.join(', ')],
    [t('content.subject'), replySubject(mail.subject)],
  ];
  return (
    <dl className="mailto" data-testid="mail-recipients">
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
