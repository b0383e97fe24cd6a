import { MailServer, SmtpSink, type System } from '@huiliu/testing';
import { mail, type MailWorld } from './behaviour/mail';
import { MAIL_ENV } from './mail-stage';
import { Stage } from './stage';

jest.setTimeout(180_000);

/** The mail channel in either mode; `connector` is the process that reads mailboxes there. */
export function mails(start: (options: { env: Record<string, string> }) => Promise<System>, connector: string): void {
  let world: MailWorld | undefined;

  beforeAll(async () => {
    const [server, sink, system] = await Promise.all([MailServer.start(), SmtpSink.start(), start({ env: MAIL_ENV })]);
    world = { server, sink, system, stage: await Stage.on(system) };
  }, 180_000);

  afterAll(async () => {
    await world?.system.stop();
    await Promise.all([world?.server.stop(), world?.sink.stop()]);
  }, 60_000);

  mail(() => {
    if (world === undefined) throw new Error('the mail servers and the system did not start');
    return world;
  }, connector);
}
