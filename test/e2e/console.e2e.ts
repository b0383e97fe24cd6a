import { startSuite, uniqueName, type System } from '@huiliu/testing';
import type { Browser, Page } from 'playwright-core';
import { logIn, openBrowser, violations } from './browser';
import { Stage } from './stage';

jest.setTimeout(120_000);

const byId = (page: Page, id: string) => page.getByTestId(id);

describe('two people at their screens', () => {
  let system: System;
  let browser: Browser;

  beforeAll(async () => {
    system = await startSuite();
    browser = await openBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  it('a customer writes in the sandbox, the agent answers in the console, the customer sees it', async () => {
    const stage = await Stage.on(system);
    const account = await stage.account();
    await stage.team([account], [stage.admin]);
    await stage.admin.setPresence('online');
    const [question, answer] = [uniqueName('请问几点发货'), uniqueName('今天下午')];

    const agentPage = await browser.newPage({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN' });
    const problems: string[] = [];
    agentPage.on('pageerror', (error) => problems.push(String(error)));
    await logIn(agentPage, system);

    const customerPage = await browser.newPage({ locale: 'zh-CN' });
    customerPage.on('pageerror', (error) => problems.push(String(error)));
    await customerPage.goto(`${system.baseUrl}/sandbox/shop.html?account=${account.id}`);
    const widget = customerPage.locator('#huiliu-widget');
    await widget.getByTestId('widget-input').fill(question);
    await widget.getByTestId('widget-send').click();
    await widget.getByTestId('widget-message').filter({ hasText: question }).waitFor();

    const row = byId(agentPage, 'conversation-row').filter({ hasText: question });
    await row.click();
    await byId(agentPage, 'message-bubble').filter({ hasText: question }).waitFor();
    await byId(agentPage, 'composer-input').fill(answer);
    await byId(agentPage, 'composer-send').click();
    await widget.getByTestId('widget-message').filter({ hasText: answer }).waitFor();
    await byId(agentPage, 'message-bubble').filter({ hasText: answer }).waitFor();
    expect(await byId(agentPage, 'message-bubble').filter({ hasText: answer }).count()).toBe(1);
    expect(await widget.getByTestId('widget-message').filter({ hasText: question }).count()).toBe(1);
    expect(await violations(agentPage)).toEqual([]);
    expect(await violations(customerPage)).toEqual([]);
    expect(problems).toEqual([]);
    await Promise.all([agentPage.close(), customerPage.close()]);
  });
});
