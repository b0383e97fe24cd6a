import type { Message } from '@huiliu/contracts';
import { useTranslation } from '../i18n/i18n';
import { FileView, ImageView } from './attachment-view';
import { MailView } from '../mail/mail-view';
import { LinkedText } from './linked-text';
import { safeHref } from './links';

function Card({ title, lines, url }: { title: string; lines: readonly string[]; url?: string }) {
  const href = url === undefined ? null : safeHref(url);
  return (
    <div className="card">
      <b>{title}</b>
      {lines
        .filter((line) => line !== '')
        .map((line, i) => (
          <span key={i}>{line}</span>
        ))}
      {href !== null && (
        <a href={href} target="_blank" rel="noopener noreferrer nofollow">
          {href}
        </a>
      )}
    </div>
  );
}

/** What a message says, by its kind. Pictures from other sites are never loaded: they would tell who reads. */
export function MessageContent({ message }: { message: Message }) {
  const { t } = useTranslation();
  const { content } = message;
  switch (content.kind) {
    case 'text':
      return <LinkedText text={content.text} />;
    case 'image':
    case 'sticker':
      return content.attachment ? (
        <ImageView attachment={content.attachment} />
      ) : (
        <div className="say">{`[${t(`content.${content.kind}`)}] ${content.text}`}</div>
      );
    case 'audio':
    case 'video':
    case 'file':
      return content.attachment ? (
        <FileView attachment={content.attachment} note={content.text} />
      ) : (
        <div className="say">{`[${t(`content.${content.kind}`)}] ${content.text || t('content.arriving')}`}</div>
      );
    case 'location':
      return (
        <Card
          title={content.name ?? t('content.location')}
          lines={[
            content.address ?? '',
            t('content.map', { latitude: content.latitude, longitude: content.longitude }),
          ]}
        />
      );
    case 'link':
      return <Card title={content.title} lines={[content.description]} url={content.url} />;
    case 'card':
      return (
        <Card
          title={content.title}
          lines={[content.description, ...Object.entries(content.fields).map(([name, value]) => `${name} ${value}`)]}
          url={content.url}
        />
      );
    case 'menu':
      return <Card title={content.text || t('content.menu')} lines={content.items.map((item) => item.text)} />;
    case 'contact':
      return <Card title={content.name} lines={[content.remoteId ?? '']} />;
    case 'email':
      return <MailView message={message} mail={content} />;
    case 'event':
      return t(`event.${content.event.type}`);
    case 'unsupported':
      return `[${t('content.unsupported')}] ${content.text || content.platformType}`;
  }
}
