import type { Content } from '@huiliu/contracts';
import { useTranslation } from '../i18n/i18n';
import { FileView, ImageView } from './attachment-view';
import { safeHref, splitLinks } from './links';

/** Text as text; addresses in it as links that tell the other side nothing about us. */
export function LinkedText({ text }: { text: string }) {
  return splitLinks(text).map((part, i) =>
    part.href === undefined ? (
      part.text
    ) : (
      <a key={i} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
        {part.text}
      </a>
    ),
  );
}

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
export function MessageContent({ content }: { content: Content }) {
  const { t } = useTranslation();
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
          lines={[content.address ?? '', t('content.map', { lat: content.latitude, lng: content.longitude })]}
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
      return (
        <div className="say">
          <b>{content.subject}</b>
          {content.cc.length > 0 && `\n${t('content.cc')} ${content.cc.join(', ')}`}
          {'\n'}
          <LinkedText text={content.text} />
          {content.attachments.map((attachment) => (
            <FileView key={attachment.id} attachment={attachment} note="" />
          ))}
        </div>
      );
    case 'event':
      return t(`event.${content.event.type}`);
    case 'unsupported':
      return `[${t('content.unsupported')}] ${content.text || content.platformType}`;
  }
}
