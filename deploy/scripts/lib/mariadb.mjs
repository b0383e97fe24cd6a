import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import mysql from 'mysql2/promise';
import { say, Trouble } from './console.mjs';
import { dockerAnswers, startContainer } from './docker.mjs';
import { freePort } from './net.mjs';
import { installPackages, tail } from './packages.mjs';
import { isRunning, run, startDetached, stop, until, which } from './processes.mjs';

const DATABASE = 'huiliu';

/** Whether the server answers a query. */
export async function mysqlAnswers(url) {
  const connection = await mysql.createConnection({ uri: url, connectTimeout: 2000 });
  try {
    await connection.query('SELECT 1');
    return true;
  } finally {
    connection.destroy();
  }
}

/**
 * Starts a MySQL-compatible server and returns when it answers.
 * @param {string} folder where its data and log go; data found there is kept
 * @returns what `services.mjs` remembers of it: `{ url, pid, startedAt }` or `{ url, container }`
 */
export async function startMariaDb(folder) {
  const port = process.env.MYSQL_PORT ? Number(process.env.MYSQL_PORT) : await freePort();
  const url = `mysql://huiliu:huiliu@127.0.0.1:${port}/${DATABASE}`;
  if (which('mariadbd') === null && (await dockerAnswers())) return startInDocker(port, url);
  if (which('mariadbd') === null) await installPackages('A MySQL-compatible server (MariaDB)', ['mariadb-server']);
  const data = path.join(folder, 'data');
  const user = os.userInfo().username;
  if (!fs.existsSync(path.join(data, 'mysql'))) await createDataFolder(data, user);
  return startServer({ folder, data, user, port, url });
}

async function createDataFolder(data, user) {
  fs.mkdirSync(data, { recursive: true });
  const installer = which(['mariadb-install-db', 'mysql_install_db']);
  const made = await run(installer, [
    '--no-defaults',
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    `--user=${user}`,
    `--datadir=${data}`,
  ]);
  if (made.code !== 0) throw new Trouble(`MariaDB could not make its data folder:\n${tail(made.output)}`);
}

async function startServer({ folder, data, user, port, url }) {
  const log = path.join(folder, 'mariadb.log');
  const init = path.join(folder, 'init.sql');
  fs.writeFileSync(init, INIT);
  // A socket's path may have some hundred bytes only, so it cannot lie in the data folder.
  const socket = path.join(
    os.tmpdir(),
    `huiliu-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}.sock`,
  );
  const server = startDetached(
    which('mariadbd'),
    [
      '--no-defaults',
      `--user=${user}`,
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      `--socket=${socket}`,
      `--pid-file=${path.join(folder, 'mariadb.pid')}`,
      `--init-file=${init}`,
      '--character-set-server=utf8mb4',
      '--collation-server=utf8mb4_bin',
      '--innodb-buffer-pool-size=128M',
      '--max-connections=500',
    ],
    { log },
  );
  say(`MariaDB starts on 127.0.0.1:${port} (pid ${server.pid})`);
  const ready = await until(async () => !isRunning(server) || (await mysqlAnswers(url)), 60_000);
  if (!ready || !isRunning(server)) {
    await stop(server);
    throw new Trouble(`MariaDB did not start:\n${tail(fs.readFileSync(log, 'utf8'))}`);
  }
  return { url, ...server };
}

// One statement a line: the server reads the file so.
const INIT = `CREATE DATABASE IF NOT EXISTS ${DATABASE} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER IF NOT EXISTS 'huiliu'@'%' IDENTIFIED BY 'huiliu';
GRANT ALL ON *.* TO 'huiliu'@'%' WITH GRANT OPTION;
`;

async function startInDocker(port, url) {
  say(`MySQL 8.4 starts in Docker on 127.0.0.1:${port}`);
  const env = ['--env', 'MYSQL_ROOT_PASSWORD=huiliu'];
  const server = ['--character-set-server=utf8mb4', '--collation-server=utf8mb4_bin'];
  const container = await startContainer(['--publish', `127.0.0.1:${port}:3306`, ...env, 'mysql:8.4', ...server]);
  const root = url.replace('//huiliu:', '//root:').replace(`/${DATABASE}`, '/');
  if (!(await until(() => mysqlAnswers(root), 180_000, 500)))
    throw new Trouble('MySQL in Docker did not answer within three minutes');
  const connection = await mysql.createConnection({ uri: root, multipleStatements: true });
  await connection.query(INIT);
  await connection.end();
  return { url, container };
}
