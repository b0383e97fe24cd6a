import { AgentClient, eventually, startSuite, uniqueName, type System } from '@huiliu/testing';
import type { Browser, Page } from 'playwright-core';
import { Channel } from '../conformance/customer';
import { sandboxWorld } from '../conformance/sides/sandbox';
import { logIn, openBrowser, violations } from './browser';
import { Stage } from './stage';

jest.setTimeout(180_000);

describe('a conversation that is handed to a servicer of the platform', () => {
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

  async function open(page: Page, name: string): Promise<void> {
    await page.getByTestId('conversation-row').filter({ hasText: name }).click();
    await page.getByTestId('transfer').click();
  }

  it('is chosen from those who serve the account, and what they answer is seen; other channels have nobody to choose', async () => {
    const admin = await AgentClient.login(system.baseUrl, 'admin', system.adminPassword);
    const channel = await Channel.open(system, admin, 'wecom-kf', sandboxWorld('wecom-kf'));
    const { name: customer, conversation } = await channel.customer(uniqueName('kf'));
    await admin.post(`/conversations/${conversation.id}/assign`, { agentId: admin.me.id });
    const stage = await Stage.on(system);
    const visitor = await stage.visitor(await stage.account());
    const { conversationId } = visitor;
    await visitor.say(uniqueName('hello'));
    await eventually('the visitor is there', async () =>
      (await admin.conversations()).some(({ id }) => id === conversationId),
    );
    await admin.post(`/conversations/${conversationId}/assign`, { agentId: admin.me.id });

    const page = await browser.newPage({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN' });
    await logIn(page, system);
    await open(page, customer);
    await page.getByTestId('transfer-to-servicer').click();
    const choices = page.getByTestId('transfer-target').locator('option');
    await choices.filter({ hasText: 'lisi' }).waitFor({ state: 'attached' });
    expect(await choices.allTextContents()).toEqual(['请选择', 'zhangsan', 'lisi · 未在接待']);
    expect(await choices.nth(2).isDisabled()).toBe(true);
    expect(await violations(page)).toEqual([]);
    await page.getByTestId('transfer-target').selectOption('zhangsan');
    await page.getByTestId('transfer-submit').click();
    await page.getByTestId('message-bubble').filter({ hasText: '已转给平台的接待人员 zhangsan' }).waitFor();
    const answer = uniqueName('我来处理');
    await channel.happen({ customer, event: 'servicer_answers', key: answer });
    await page.getByTestId('message-bubble').filter({ hasText: answer }).waitFor();

    await page.getByTestId('conversation-row').filter({ hasNotText: customer }).first().click();
    await page.getByTestId('transfer').click();
    expect(await page.getByTestId('transfer-to-agent').count()).toBe(1);
    expect(await page.getByTestId('transfer-to-servicer').count()).toBe(0);
  });
});
