import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { say, Trouble } from './console.mjs';
import { freePort } from './net.mjs';
import { installPackages, tail } from './packages.mjs';
import { isRunning, startDetached, stop, until, which } from './processes.mjs';

/** Of every mailbox. */
const PASSWORD = 'huiliu';

/** The server's path; installs it where it may. */
export async function ensureDovecot() {
  if (which('dovecot') === null) await installPackages('An IMAP server (Dovecot)', ['dovecot-imapd']);
  return which('dovecot');
}

/** Whether the server greets. */
export async function imapAnswers(address) {
  const { hostname, port } = new URL(address);
  const socket = net.connect({ host: hostname, port: Number(port), timeout: 2000 });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('data', (greeting) => resolve(greeting.toString().startsWith('* OK')));
      socket
        .once('error', reject)
        .once('timeout', () => reject(new Error('no greeting')))
        .once('close', () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}

/**
 * Starts an IMAP server for tests and returns when it answers. Every name is a mailbox of its own, its mails in `<folder>/mail/<name>/Maildir`.
 * @param {string} folder where mails, indexes and log go; mails found there are kept
 * @returns what `services.mjs` remembers of it: `{ address, pid, startedAt }`
 */
export async function startDovecot(folder) {
  const program = await ensureDovecot();
  const port = process.env.IMAP_PORT ? Number(process.env.IMAP_PORT) : await freePort();
  const address = `imap://any:${PASSWORD}@127.0.0.1:${port}`;
  fs.mkdirSync(path.join(folder, 'mail'), { recursive: true });
  const log = path.join(folder, 'dovecot.log');
  const conf = path.join(folder, 'dovecot.conf');
  fs.writeFileSync(conf, configuration(folder, port));
  const server = startDetached(program, ['-F', '-c', conf], { log: path.join(folder, 'dovecot.out') });
  say(`Dovecot starts on 127.0.0.1:${port} (pid ${server.pid})`);
  const ready = await until(async () => !isRunning(server) || (await imapAnswers(address)), 30_000);
  if (!ready || !isRunning(server)) {
    await stop(server);
    const said = [log, `${folder}/dovecot.out`].map((file) =>
      fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '',
    );
    throw new Trouble(`Dovecot did not start:\n${tail(said.join('\n'))}`);
  }
  return { address, ...server };
}

function configuration(folder, port) {
  // A socket's path may have some hundred bytes only, so they cannot lie beside the mails.
  const base = path.join(os.tmpdir(), `huiliu-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
  fs.mkdirSync(base, { recursive: true });
  return `
protocols = imap
listen = 127.0.0.1
base_dir = ${base}
state_dir = ${base}
log_path = ${folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
mail_max_userip_connections = 1000
mailbox_idle_check_interval = 1 secs
imap_capability = +ID QUOTA
mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  # As much as the mailbox's own \`maildirsize\` says; without one there is no limit.
  quota = maildir:Mailbox
}
default_process_limit = 1000
default_client_limit = 4000
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = static
  args = home=${folder}/mail/%u
}
${users(folder)}
service imap-login {
  chroot =
  service_count = 0
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
auth_failure_delay = 0
service anvil {
  chroot =
  # One wrong password makes no later login of the same address wait.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
`;
}

/** As root, mails are read by the system's mail user, who must get through to them; else everything is ours. */
function users(folder) {
  const { username, uid, gid } = os.userInfo();
  if (uid !== 0)
    return `default_internal_user = ${username}\ndefault_login_user = ${username}\nmail_uid = ${uid}\nmail_gid = ${gid}`;
  for (const one of [folder, path.dirname(folder)]) fs.chmodSync(one, fs.statSync(one).mode | 0o011);
  fs.chmodSync(path.join(folder, 'mail'), 0o777);
  return 'mail_uid = mail\nmail_gid = mail\nfirst_valid_uid = 1\nfirst_valid_gid = 1';
}
