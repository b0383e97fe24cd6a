import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MailServer, SmtpSink, type System } from '@huiliu/testing';
import { mail, type MailWorld } from './behaviour/mail';
import { mailAccounts } from './behaviour/mail-account';
import { MAIL_ENV } from './mail-stage';
import { Stage } from './stage';

jest.setTimeout(180_000);

/** The mail channel in either mode; `connector` is the process that reads mailboxes there. */
export function mails(start: (options: { env: Record<string, string> }) => Promise<System>, connector: string): void {
  let world: MailWorld | undefined;

  beforeAll(async () => {
    const deaths = await mkdtemp(path.join(tmpdir(), 'huiliu-deaths-'));
    const env = { ...MAIL_ENV, HUILIU_DEATHS: deaths };
    const [server, sink, system] = await Promise.all([MailServer.start(), SmtpSink.start(), start({ env })]);
    world = { server, sink, system, deaths, stage: await Stage.on(system) };
  }, 180_000);

  afterAll(async () => {
    await world?.system.stop();
    await Promise.all([world?.server.stop(), world?.sink.stop()]);
    if (world !== undefined) await rm(world.deaths, { recursive: true, force: true });
  }, 60_000);

  const here = (): MailWorld => {
    if (world === undefined) throw new Error('the mail servers and the system did not start');
    return world;
  };
  mail(here, connector);
  mailAccounts(here, connector);
}
