import type { Attachment } from '@huiliu/contracts';
import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useEffect, useState } from 'react';
import { attachments } from '../api/endpoints';
import { fetchFile } from '../api/http';
import { useTranslation, wordsOf } from '../i18n/i18n';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icon';
import { toast } from '../ui/toast';

function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** An address of the file's bytes in this page; they are fetched with our bearer, which an `<img>` cannot carry. */
function useFile(attachment: Attachment): { url: string | null; failed: boolean; retry: () => void } {
  const query = useQuery({
    queryKey: ['file', attachment.id],
    queryFn: ({ signal }) => fetchFile(attachment.url, signal),
    gcTime: 10 * 60_000,
  });
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!query.data) return;
    const made = URL.createObjectURL(query.data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [query.data]);
  return { url, failed: query.isError, retry: () => void query.refetch() };
}

/** A picture in a box of fixed size: it may come late without moving the thread. */
export function ImageView({ attachment }: { attachment: Attachment }) {
  const { t } = useTranslation();
  const { url, failed, retry } = useFile(attachment);
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="picture"
        aria-label={t('content.openImage', { name: attachment.name })}
        onClick={() => (failed ? retry() : setOpen(true))}
      >
        {url !== null && !failed ? (
          <img src={url} alt="" />
        ) : (
          <span>{t(failed ? 'content.imageFailed' : 'app.loading')}</span>
        )}
      </button>
      {open && url !== null && (
        <Dialog title={attachment.name} onClose={() => setOpen(false)} wide>
          <img className="lightbox" src={url} alt={attachment.name} />
          <div className="buttons">
            <button type="button" className="plain" onClick={() => setOpen(false)}>
              {t('app.close')}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** Downloads a file, by a ticket: the browser fetches it itself, whatever its size. */
export async function downloadFile(attachment: Attachment, t: TFunction): Promise<void> {
  try {
    const { url } = await attachments.ticket(attachment.id);
    const target = new URL(url, location.origin);
    if (target.origin !== location.origin) return;
    const link = document.createElement('a');
    link.href = target.href;
    link.download = attachment.name;
    link.click();
  } catch (error) {
    toast(t('app.failed', { why: wordsOf(t, error) }), 'bad');
  }
}

/** A file to download. */
export function FileView({ attachment, note }: { attachment: Attachment; note: string }) {
  const { t } = useTranslation();
  return (
    <div className="file">
      <Icon name="file" />
      <div>
        <b title={attachment.name}>{attachment.name}</b>
        <small>
          {sizeOf(attachment.size)}
          {note !== '' && ` · ${note}`}
        </small>
      </div>
      <button type="button" className="quiet" onClick={() => void downloadFile(attachment, t)}>
        {t('content.download')}
      </button>
    </div>
  );
}
