import type { Account } from '@huiliu/contracts';
import { QRCodeSVG } from 'qrcode.react';
import { useTranslation } from '../i18n/i18n';

type Login = NonNullable<Account['status']['login']>;

/** Where the login by QR code stands; the code itself while one waits to be scanned. */
export function AccountLogin({ stage, qr, name, account }: Login & { readonly account: string }) {
  const { t } = useTranslation();
  const who = name === null || stage !== 'logged_in' ? '' : name;
  return (
    <div className="login-state" data-testid="account-login" data-stage={stage} role="status">
      {qr !== null && (
        // Dark on light in every theme: phones read it the other way round badly.
        <div className="login-code">
          <QRCodeSVG
            value={qr}
            size={176}
            marginSize={3}
            level="M"
            title={t('settings.login.code', { name: account })}
          />
        </div>
      )}
      <p>
        <strong>{t(`settings.login.${stage}`, { name: who })}</strong>
        {qr !== null && <span>{t('settings.login.help')}</span>}
      </p>
    </div>
  );
}
