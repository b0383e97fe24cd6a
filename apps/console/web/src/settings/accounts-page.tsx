import type { Account, ChannelDefinition } from '@huiliu/contracts';
import { useState } from 'react';
import { accounts as api } from '../api/endpoints';
import { queryClient } from '../app/query-client';
import { useTranslation, wordsOf } from '../i18n/i18n';
import { useAccounts, useChannels } from '../inbox/queries';
import { ChannelBadge, useChannelName } from '../ui/avatar';
import { Confirm } from '../ui/confirm';
import { clockTime } from '../ui/times';
import { toast } from '../ui/toast';
import { AccountDialog } from './account-dialog';
import { AccountLogin } from './account-login';
import { CopyLine } from './copy-line';
import { PageTitle } from './page-title';
import { QueryState } from './query-state';
import { TryChannels } from './try-channels';

type Open = { kind: 'new' } | { kind: 'edit'; account: Account } | { kind: 'delete'; account: Account } | null;

const refresh = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ['accounts'] });

/** Where we can be reached: every configured account, how it is, and how to connect it. */
export function AccountsPage() {
  const { t } = useTranslation();
  const accounts = useAccounts(true);
  const channels = useChannels();
  const [open, setOpen] = useState<Open>(null);
  const close = (): void => setOpen(null);
  const remove = async (account: Account): Promise<void> => {
    try {
      await api.remove(account.id);
      await refresh();
    } catch (error) {
      toast(t('app.failed', { why: wordsOf(t, error) }), 'bad');
    }
  };
  const definitions = channels.data?.items ?? [];
  return (
    <>
      <PageTitle title={t('settings.accounts')} help={t('settings.accountsHelp')}>
        <TryChannels onSaved={refresh} />
        <button type="button" className="primary" data-testid="add-account" onClick={() => setOpen({ kind: 'new' })}>
          {t('settings.addAccount')}
        </button>
      </PageTitle>
      <QueryState query={accounts} />
      {accounts.data?.items.length === 0 && (
        <div className="empty">
          <strong>{t('settings.noAccounts')}</strong>
          <p>{t('settings.noAccountsHelp')}</p>
        </div>
      )}
      {accounts.data?.items.map((account) => (
        <AccountTile
          key={account.id}
          account={account}
          definition={definitions.find((one) => one.channel === account.channel)}
          onEdit={() => setOpen({ kind: 'edit', account })}
          onDelete={() => setOpen({ kind: 'delete', account })}
        />
      ))}
      {open?.kind === 'new' && (
        <AccountDialog account={null} definitions={definitions} onClose={close} onSaved={refresh} />
      )}
      {open?.kind === 'edit' && (
        <AccountDialog account={open.account} definitions={definitions} onClose={close} onSaved={refresh} />
      )}
      {open?.kind === 'delete' && (
        <Confirm
          title={t('settings.deleteAccount', { name: open.account.name })}
          text={t('settings.deleteAccountHelp')}
          action={t('app.delete')}
          onConfirm={() => void remove(open.account)}
          onClose={close}
        />
      )}
    </>
  );
}

/** How far a long first reading is. */
function Progress({ done, total, name }: { done: number; total: number; name: string }) {
  const { t, i18n } = useTranslation();
  const words = t('settings.importing', {
    done: done.toLocaleString(i18n.language),
    total: total.toLocaleString(i18n.language),
  });
  return (
    <p className="progress" data-testid="account-progress">
      <progress aria-label={`${name} ${words}`} max={Math.max(1, total)} value={Math.min(done, total)} />
      <span>{words}</span>
    </p>
  );
}

const TONES = { ok: 'good', starting: 'v', degraded: 'v', error: 'bad', stopped: '' } as const;

interface TileProps {
  readonly account: Account;
  readonly definition: ChannelDefinition | undefined;
  readonly onEdit: () => void;
  readonly onDelete: () => void;
}

function AccountTile({ account, definition, onEdit, onDelete }: TileProps) {
  const { t, i18n } = useTranslation();
  const channelName = useChannelName();
  const [checking, setChecking] = useState(false);
  const { status } = account;
  const check = async (): Promise<void> => {
    setChecking(true);
    try {
      await api.check(account.id);
      await refresh();
      toast(t('settings.checked'));
    } catch (error) {
      toast(t('app.failed', { why: wordsOf(t, error) }), 'bad');
    } finally {
      setChecking(false);
    }
  };
  const visitor = definition?.ingress === 'visitor' || account.channel === 'webchat';
  const widget = `${account.webhookUrl === null ? location.origin : new URL(account.webhookUrl, location.origin).origin}/webchat/${account.id}/widget.js`;
  return (
    <section className="tile" data-testid="account" aria-label={account.name}>
      <header>
        <ChannelBadge channel={account.channel} />
        <h3>{account.name}</h3>
        <span className={`tag ${TONES[status.state]}`}>{t(`settings.states.${status.state}`)}</span>
        <div className="acts">
          <button type="button" className="plain" disabled={checking} onClick={() => void check()}>
            {t('settings.check')}
          </button>
          <button type="button" className="plain" onClick={onEdit}>
            {t('app.edit')}
          </button>
          <button type="button" className="plain" onClick={onDelete}>
            {t('app.delete')}
          </button>
        </div>
      </header>
      <p className="meta">
        {definition?.name[i18n.language === 'en' ? 'en' : 'zh'] ?? channelName(account.channel)} ·{' '}
        {t('settings.lastEvent')}{' '}
        {status.lastEventAt === null ? t('settings.never') : clockTime(status.lastEventAt, i18n.language)}
      </p>
      {status.progress != null && <Progress {...status.progress} name={account.name} />}
      {status.login != null && <AccountLogin {...status.login} account={account.name} />}
      {status.error !== null && (
        <p className="trouble">
          {t('settings.trouble')}
          {t('app.colon')}
          {status.error}
        </p>
      )}
      {visitor ? (
        <CopyLine
          label={t('settings.embed')}
          help={t('settings.embedHelp')}
          text={`<script src="${widget}" async></script>`}
        />
      ) : (
        account.webhookUrl !== null && (
          <CopyLine
            label={t('settings.webhook')}
            help={t('settings.webhookHelp')}
            text={new URL(account.webhookUrl, location.origin).href}
          />
        )
      )}
    </section>
  );
}
