import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import type { Account } from '@huiliu/contracts';
import { eventually } from '@huiliu/testing';
import { SMTPServer } from 'smtp-server';
import { MailDesk, plainMail } from '../mail-stage';
import type { MailWorld } from './mail';

/** What is asked of a mailbox's account, and what becomes of one whose process dies at the worst moment. */
export function mailAccounts(world: () => MailWorld, connector: string): void {
  const open = (options?: Parameters<typeof MailDesk.open>[3]): Promise<MailDesk> =>
    MailDesk.open(world().stage, world().server, world().sink, options);
  const check = (desk: MailDesk): Promise<Account> =>
    world().stage.admin.post<Account>(`/accounts/${desk.account.id}/check`);
  /** Changes the account and asks at once how it is. */
  const changed = async (desk: MailDesk, config: Record<string, unknown>): Promise<Account['status']> => {
    const { server, sink, stage } = world();
    await stage.admin.put(`/accounts/${desk.account.id}`, {
      config: {
        address: 'support@shop.example',
        imap: server.login(desk.user),
        smtp: sink.login(desk.user),
        ...config,
      },
    });
    return (await check(desk)).status;
  };

  describe('a mailbox that is checked', () => {
    it('is found well, and says in both languages what is wrong as soon as something is', async () => {
      const desk = await open();
      expect((await check(desk)).status).toMatchObject({ state: 'ok', error: null });
      const { server, sink } = world();
      const receiving = await changed(desk, { imap: { ...server.login(desk.user), pass: 'wrong' } });
      expect([receiving.state, receiving.error]).toEqual(['error', expect.stringMatching(/授权码.*password/s)]);
      sink.script = { login: () => ({ code: 535, text: '5.7.8 no such login' }) };
      const sending = await changed(desk, {});
      expect([sending.state, sending.error]).toEqual(['error', expect.stringMatching(/发信的用户名.*for sending/s)]);
      sink.script = {};
      expect((await check(desk)).status).toMatchObject({ state: 'ok', error: null });
      await desk.caughtUp();
    });

    it('whose server hangs is said not to answer', async () => {
      const sockets = new Set<Socket>();
      const silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
      await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
      const desk = await open();
      const { port } = silent.address() as AddressInfo;
      const { error } = await changed(desk, { imap: { ...world().server.login(desk.user), port } });
      expect(error).toMatch(/没有应答.*(does not answer|No answer)/s);
      for (const socket of sockets) socket.destroy();
      silent.close();
    });

    it('whose server shows an expired certificate is told no password, and it is said', async () => {
      let logins = 0;
      const expired = new SMTPServer({
        secure: true,
        logger: false,
        onAuth: (_auth, _session, done) => (logins++, done(null, { user: 'x' })),
      });
      expired.on('error', () => undefined);
      await new Promise<void>((listening) => expired.listen(0, '127.0.0.1', () => listening()));
      const { port } = expired.server.address() as AddressInfo;
      const desk = await open();
      const smtp = { ...world().sink.login(desk.user), host: 'localhost', port, secure: true };
      const { state, error } = await changed(desk, { smtp });
      expect([state, error]).toEqual(['error', expect.stringMatching(/证书已过期.*expired certificate/s)]);
      expect(logins).toBe(0);
      await new Promise<void>((closed) => expired.close(() => closed()));
    });

    it('that is full says so, and is read on all the same', async () => {
      const user = `full-${Date.now()}`;
      await world().server.limit(user, 1_000_000, 999_000);
      const { stage, server, sink } = world();
      const config = { address: 'support@shop.example', imap: server.login(user), smtp: sink.login(user) };
      const account = await stage.admin.post<Account>('/accounts', { channel: 'email', name: '满', config });
      const { status } = await stage.admin.post<Account>(`/accounts/${account.id}/check`);
      expect([status.state, status.error]).toEqual(['degraded', expect.stringMatching(/邮箱已满.*mailbox is full/s)]);
      await server.deliver(user, plainMail({}));
      await eventually('a mail is shown', async () => (await stage.admin.conversations(`accountId=${account.id}`))[0]);
    });

    if (connector !== 'suite')
      it('while its connector is held still is as it was last known, and that is said', async () => {
        const desk = await open();
        const held = world().system.pids(connector);
        for (const pid of held) process.kill(pid, 'SIGSTOP');
        const { status } = await check(desk).finally(() => {
          for (const pid of held) process.kill(pid, 'SIGCONT');
        });
        expect([status.state, status.error]).toEqual(['ok', expect.stringMatching(/连接器没有应答.*did not answer/s)]);
        await eventually('it answers again', async () => (await check(desk)).status.error === null, 60_000);
      });
  });

  describe('a mailbox whose process is killed', () => {
    it.each([
      ['between fetching mails and publishing them', 'fetched'],
      ['between publishing mails and keeping the cursor', 'published'],
    ])('%s loses nothing and shows nothing twice', async (_when, point) => {
      const { system, deaths } = world();
      const desk = await open();
      const ids: string[] = [];
      for (let round = 0; round < 3; round++) {
        const armed = path.join(deaths, point);
        await writeFile(armed, '');
        for (let n = 0; n < 15; n++) ids.push(await desk.receive({ from: `${point}-${round}-${n}@customer.example` }));
        await eventually('its process has died', () => !existsSync(armed), 30_000);
        await system.restart();
        await eventually(
          'what came meanwhile is shown',
          async () => (await desk.conversations()).length >= ids.length,
          60_000,
        );
      }
      await desk.caughtUp();
      const shown = (await desk.messages()).map(({ remoteId }) => remoteId);
      expect(ids.filter((id) => !shown.includes(id))).toEqual([]);
      expect(shown).toHaveLength(ids.length + 1);
    });
  });
}
