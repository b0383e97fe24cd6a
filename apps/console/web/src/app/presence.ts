import type { Agent, Presence } from '@huiliu/contracts';
import i18next from 'i18next';
import { agents } from '../api/endpoints';
import { wordsOf } from '../i18n/i18n';
import { toast } from '../ui/toast';
import { queryClient } from './query-client';

/** Sets my presence: shown at once, taken back when the server refuses. */
export async function changePresence(me: Agent, status: Presence, reason?: string): Promise<void> {
  const wanted: Agent = { ...me, presence: { status, reason: reason ?? null, since: new Date().toISOString() } };
  queryClient.setQueryData<Agent>(['me'], wanted);
  try {
    await agents.presence(status, reason);
  } catch (error) {
    queryClient.setQueryData<Agent>(['me'], me);
    toast(i18next.t('app.failed', { why: wordsOf(i18next.t, error) }), 'bad');
  }
  await queryClient.invalidateQueries({ queryKey: ['me'] });
}
