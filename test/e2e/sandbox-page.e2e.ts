import { AgentClient, startSuite, uniqueName, type System } from '@huiliu/testing';
import type { Browser, Frame, Page } from 'playwright-core';
import { logIn, openBrowser, violations } from './browser';
import { MailCustomer } from './sandbox-mail';
import { Stage } from './stage';

jest.setTimeout(180_000);

/** One of the two people of the demo. */
const AGENT = { username: 'lin', password: 'huiliu-demo' };

describe("the sandbox's mail program", () => {
  let system: System;
  let browser: Browser;
  const problems: string[] = [];

  beforeAll(async () => {
    system = await startSuite();
    browser = await openBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  async function goOnline(): Promise<void> {
    await (await AgentClient.login(system.baseUrl, AGENT.username, AGENT.password)).setPresence('online');
  }

  /** The sandbox's page with the mail program in it. */
  async function openMail(): Promise<Frame> {
    const page = await browser.newPage({ viewport: { width: 1366, height: 800 }, locale: 'zh-CN' });
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(`${system.baseUrl}/sandbox/`);
    await page.getByRole('button', { name: '邮件' }).click();
    const element = await page.getByTestId('sandbox-frame').elementHandle();
    const frame = await element?.contentFrame();
    if (!frame) throw new Error('the mail program is not there');
    return frame;
  }

  async function openConsole(): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN' });
    page.on('pageerror', (error) => problems.push(String(error)));
    await logIn(page, system, AGENT);
    return page;
  }

  it('a customer writes a mail with a file, the agent answers, the customer answers with a quote', async () => {
    const stage = await Stage.on(system);
    await MailCustomer.at(stage);
    await goOnline();
    const subject = uniqueName('羽绒服的尺码');
    const [question, answer, thanks] = [uniqueName('该选哪个尺码'), uniqueName('选 L 就好'), uniqueName('谢谢')];
    const [mail, desk] = [await openMail(), await openConsole()];

    await mail.getByTestId('mail-subject').fill(subject);
    await mail.getByTestId('mail-text').fill(question);
    const file = { name: '身材.txt', mimeType: 'text/plain', buffer: Buffer.from('175 cm') };
    await mail.getByTestId('mail-attach').setInputFiles(file);
    await mail.getByText('身材.txt · 6 B').waitFor();
    await mail.getByTestId('mail-send').click();
    await mail.getByTestId('mail').filter({ hasText: question }).waitFor();

    await desk.getByTestId('conversation-row').filter({ hasText: subject }).click();
    await desk.getByTestId('message-bubble').filter({ hasText: question }).waitFor();
    await desk.getByTestId('composer-input').fill(answer);
    await desk.getByTestId('composer-send').click();

    await mail.getByTestId('mail').nth(1).waitFor();
    await mail.getByTestId('mail-reply').click();
    const quoted = await mail.getByTestId('mail-text').inputValue();
    expect(quoted).toMatch(/\n在 .*写道：\n> /);
    expect(quoted).toContain(answer);
    await mail.getByTestId('mail-html').check();
    await mail.getByTestId('mail-rich').press('Control+Home');
    await mail.getByTestId('mail-rich').pressSequentially(thanks);
    await mail.getByTestId('mail-send').click();
    await mail.getByTestId('mail').nth(2).waitFor();
    // A mail with HTML stands in a frame of its own.
    await desk.frameLocator('[data-testid=mail-frame]').getByText(thanks).first().waitFor();

    expect(await stage.admin.conversations('?channel=email')).toHaveLength(1);
    expect(await violations(mail)).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('goes on after a restart, which the connector finds its way back from', async () => {
    await system.restart();
    const stage = await Stage.on(system);
    const customer = await MailCustomer.at(stage);
    const [subject, question, answer] = [uniqueName('重启之后'), uniqueName('还在吗'), uniqueName('在的')];
    await goOnline();
    await customer.write(subject, question);
    const desk = await openConsole();
    await desk.getByTestId('conversation-row').filter({ hasText: subject }).click();
    await desk.getByTestId('message-bubble').filter({ hasText: question }).waitFor();
    await desk.getByTestId('composer-input').fill(answer);
    await desk.getByTestId('composer-send').click();
    await customer.received(answer);
    expect(problems).toEqual([]);
  });
});
