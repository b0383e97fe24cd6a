import { AgentClient, startSuite, uniqueName, type System } from '@huiliu/testing';
import { chromium, type Browser, type Frame, type Page } from 'playwright-core';
import { PLANS } from '../conformance/channels/plans';
import { executable, logIn, violations } from './browser';

jest.setTimeout(180_000);

/** One of the two people of the demo. */
const AGENT = { username: 'lin', password: 'huiliu-demo' };

/** A newcomer's way: nothing is registered anywhere, a channel is tried with one click. */
describe("a customer's phone", () => {
  let system: System;
  let browser: Browser;
  const problems: string[] = [];

  beforeAll(async () => {
    system = await startSuite();
    browser = await chromium.launch({
      executablePath: executable(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  async function open(): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1366, height: 860 }, locale: 'zh-CN' });
    page.on('pageerror', (error) => problems.push(String(error)));
    return page;
  }

  /** The phone of a channel on the sandbox's page. */
  async function phoneOf(name: string): Promise<Frame> {
    const page = await open();
    await page.goto(`${system.baseUrl}/sandbox/`);
    await page.getByRole('button', { name, exact: true }).click();
    const element = await page.getByTestId('sandbox-frame').elementHandle();
    const frame = await element?.contentFrame();
    if (!frame) throw new Error('the phone is not there');
    return frame;
  }

  it.each(PLANS.map(({ channel }) => channel))('%s', async (channel) => {
    const admin = await open();
    await logIn(admin, system);
    await admin.goto(`${system.baseUrl}/settings/accounts`);
    await admin.getByTestId(`try-${channel}`).click();
    const client = await AgentClient.login(system.baseUrl, AGENT.username, AGENT.password);
    await client.setPresence('online');
    const { items } = (await (await fetch(`${system.baseUrl}/sandbox/api/channels`)).json()) as {
      items: { channel: string; name: { zh: string } }[];
    };
    const phone = await phoneOf(items.find((one) => one.channel === channel)?.name.zh ?? channel);

    const [question, answer] = [uniqueName('在吗'), uniqueName('在的')];
    await phone.getByTestId('phone-text').fill(question);
    await phone.getByTestId('phone-send').click();
    const desk = await open();
    await logIn(desk, system, AGENT);
    await desk.getByTestId('conversation-row').filter({ hasText: question }).click();
    await desk.getByTestId('message-bubble').filter({ hasText: question }).waitFor();
    await desk.getByTestId('composer-input').fill(answer);
    await desk.getByTestId('composer-send').click();
    await phone.locator('.bubble.account').filter({ hasText: answer }).waitFor();

    expect(await violations(phone)).toEqual([]);
    expect(problems).toEqual([]);
  });
});
