import type { TFunction } from 'i18next';

interface Named {
  readonly name: string;
  readonly remoteId: string;
}

/** Someone who has not said who they are is named by the platform's id: shortened to what one can tell apart and say aloud. */
export function contactName(t: TFunction, { name, remoteId }: Named): string {
  return name === '' || name === remoteId ? t('list.visitor', { code: remoteId.slice(-4) }) : name;
}
