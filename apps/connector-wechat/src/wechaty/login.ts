import type { AccountLogin, AccountState } from '@huiliu/contracts';
import { SCAN } from './puppet';

type Report = (state: AccountState, error: string | null, progress: null, login: AccountLogin | null) => void;
type Stage = AccountLogin['stage'];

const STAGES: Readonly<Record<number, Stage>> = {
  [SCAN.waiting]: 'waiting',
  [SCAN.scanned]: 'scanned',
  [SCAN.confirmed]: 'confirmed',
  [SCAN.cancelled]: 'expired',
  [SCAN.timedOut]: 'expired',
};

/** What an account's status says of its login. A login that was lost stays an error until somebody logs in again. */
export class LoginStatus {
  private lost = false;
  private name: string | null = null;

  constructor(private readonly report: Report) {}

  connecting(): void {
    if (!this.lost) this.report('starting', null, null, null);
  }

  scan(status: number, qr: string | undefined): void {
    const stage = STAGES[status];
    if (stage === undefined) return;
    const shown = stage === 'waiting' && qr !== undefined && qr !== '' ? qr.slice(0, 2048) : null;
    this.report(this.lost ? 'error' : 'degraded', SAYS[stage], null, { stage, qr: shown, name: this.name });
  }

  loggedIn(name: string): void {
    this.lost = false;
    this.name = name.slice(0, 255);
    this.report('ok', null, null, { stage: 'logged_in', qr: null, name: this.name });
  }

  loggedOut(): void {
    this.lost = true;
    this.report('error', SAYS.logged_out, null, { stage: 'logged_out', qr: null, name: this.name });
  }

  /** There is no connection to the puppet, or no puppet. */
  broken(why: string): void {
    this.report('error', why, null, null);
  }
}

const SAYS: Readonly<Record<Stage, string | null>> = {
  waiting: '微信没有登录：请用手机微信扫描二维码。 / Not logged in: scan the code with WeChat on the phone.',
  scanned: '已扫码，请在手机上确认登录。 / Scanned: confirm on the phone.',
  confirmed: '已确认，正在登录。 / Confirmed: logging in.',
  expired: '二维码已失效，正在换新的。 / The code has expired: a new one is on its way.',
  logged_in: null,
  logged_out:
    '微信已退出登录：收不到也发不出消息，请重新扫码登录。 / WeChat has logged out: nothing comes in or goes out until somebody scans again.',
};
