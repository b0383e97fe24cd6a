import { z } from 'zod';
import { SANDBOX_MAIL_PASSWORD } from '@huiliu/platform';
import type { SandboxChannel } from './channel';

const Place = z.object({ host: z.string(), port: z.number() });
const MailAccount = z.object({ address: z.string(), imap: Place });

/** E-mail, in a little mail program; for accounts whose mailbox is on the sandbox's own server. */
export const email: SandboxChannel = {
  channel: 'email',
  name: { zh: '邮件', en: 'E-mail' },
  pageOf: ({ id, config }, { sandboxMail }) => {
    const account = MailAccount.safeParse(config);
    if (!account.success || sandboxMail === null) return null;
    const { address, imap } = account.data;
    if (!['127.0.0.1', 'localhost'].includes(imap.host) || imap.port !== sandboxMail.imapPort) return null;
    return `./mail.html?account=${id}&to=${encodeURIComponent(address)}`;
  },
  help: ({ sandboxMail }) => {
    const [imap, smtp] = [`127.0.0.1:${sandboxMail?.imapPort}`, `127.0.0.1:${sandboxMail?.smtpPort}`];
    return {
      zh: `还没有邮箱在沙盒里的渠道账号。以管理员登录坐席页面，在「设置 › 渠道账号」里新建一个邮件账号：IMAP ${imap}，SMTP ${smtp}，都不加密；邮箱地址任意，用户名就是它，密码 ${SANDBOX_MAIL_PASSWORD}。`,
      en: `No account has its mailbox in the sandbox yet. Log in to the agents' page as admin and add an e-mail account under Settings › Accounts: IMAP ${imap}, SMTP ${smtp}, neither encrypted; any address, which is also the user name; password ${SANDBOX_MAIL_PASSWORD}.`,
    };
  },
};
