import type { Attachment } from '@huiliu/contracts';
import i18next from 'i18next';
import { create } from 'zustand';
import { attachments } from '../api/endpoints';
import { wordsOf } from '../i18n/i18n';
import { toast } from '../ui/toast';

const MOST_BYTES = 20 * 1024 * 1024;

/** A file on its way into a conversation's next message. */
export interface Upload {
  readonly key: string;
  readonly conversationId: string;
  /** What is attached to a note must not slip into an answer to the customer. */
  readonly mode: 'reply' | 'note';
  readonly name: string;
  /** Null while it is on its way. */
  readonly file: Attachment | null;
  readonly abort: AbortController;
}

/** Uploads outlive the composer: switching to another conversation and back finds them where they were. */
export const useUploads = create<{ items: readonly Upload[] }>()(() => ({ items: [] }));

export function removeUpload(key: string): void {
  useUploads.setState(({ items }) => {
    items.find((item) => item.key === key)?.abort.abort();
    return { items: items.filter((item) => item.key !== key) };
  });
}

async function upload(conversationId: string, mode: Upload['mode'], file: File): Promise<void> {
  if (file.size > MOST_BYTES) return toast(i18next.t('composer.tooLarge', { name: file.name }), 'bad');
  const item: Upload = {
    key: crypto.randomUUID(),
    conversationId,
    mode,
    name: file.name,
    file: null,
    abort: new AbortController(),
  };
  useUploads.setState(({ items }) => ({ items: [...items, item] }));
  try {
    const stored = await attachments.upload(file, item.abort.signal);
    useUploads.setState(({ items }) => ({
      items: items.map((one) => (one.key === item.key ? { ...one, file: stored } : one)),
    }));
  } catch (error) {
    removeUpload(item.key);
    if (!item.abort.signal.aborted)
      toast(i18next.t('composer.uploadFailed', { name: file.name, why: wordsOf(i18next.t, error) }), 'bad');
  }
}

/** Uploads files to be sent with the next message of a conversation. */
export function uploadAll(conversationId: string, mode: Upload['mode'], files: Iterable<File>): void {
  for (const file of files) void upload(conversationId, mode, file);
}
