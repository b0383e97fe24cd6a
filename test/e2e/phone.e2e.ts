import type { Account } from '@huiliu/contracts';
import { AgentClient, eventually, startSuite, uniqueName, type System } from '@huiliu/testing';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Frame, Page } from 'playwright-core';
import { PLANS } from '../conformance/channels/plans';
import { logIn, openBrowser, violations } from './browser';

jest.setTimeout(180_000);

/** Set by a person who wants to look at the pages. */
const PICTURES = process.env['HUILIU_PICTURES'];

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
}

/** The channels whose customers write on the sandbox's phone. */
const CHANNELS = PLANS.filter(({ world }) => world === undefined).map(({ channel }) => channel);

/** A newcomer's way: nothing is registered anywhere. */
describe('a channel that is tried with one click', () => {
  let system: System;
  let browser: Browser;
  let admin: AgentClient;
  const problems: string[] = [];

  beforeAll(async () => {
    system = await startSuite();
    admin = await AgentClient.login(system.baseUrl, 'admin', system.adminPassword);
    await admin.setPresence('online');
    browser = await openBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  async function open(options: { colorScheme?: 'dark' } = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1366, height: 900 }, locale: 'zh-CN', ...options });
    page.on('pageerror', (error) => problems.push(String(error)));
    return page;
  }

  /** The accounts page, with one more account of this channel. */
  async function tryIt(page: Page, channel: string): Promise<Account> {
    const known = new Set((await admin.get<{ items: Account[] }>('/accounts')).items.map(({ id }) => id));
    await logIn(page, system);
    await page.goto(`${system.baseUrl}/settings/accounts`);
    await page.getByTestId('try-channels').click();
    await page.getByTestId(`try-${channel}`).click();
    return eventually('the account', async () =>
      (await admin.get<{ items: Account[] }>('/accounts')).items.find(({ id }) => !known.has(id)),
    );
  }

  async function phone(page: Page, channel: string): Promise<Frame> {
    const { items } = (await (await fetch(`${system.baseUrl}/sandbox/api/channels`)).json()) as {
      items: { channel: string; name: { zh: string } }[];
    };
    const name = items.find((one) => one.channel === channel)?.name.zh ?? channel;
    await page.goto(`${system.baseUrl}/sandbox/`);
    await page.getByRole('button', { name, exact: true }).click();
    await page.locator('#customer').selectOption('1');
    const element = await page.getByTestId('sandbox-frame').elementHandle();
    const frame = await element?.contentFrame();
    if (!frame) throw new Error('the phone is not there');
    await frame.getByTestId('phone-text').waitFor();
    return frame;
  }

  /** What stands on a phone can be read by day and by night. */
  async function looksWell(street: Page, channel: string, stands: string): Promise<void> {
    await picture(street, `${channel}-phone`);
    for (const frame of street.frames()) expect(await violations(frame)).toEqual([]);
    const night = await open({ colorScheme: 'dark' });
    const dark = await phone(night, channel);
    await dark.getByText(stands).waitFor();
    await picture(night, `${channel}-phone-dark`);
    for (const frame of night.frames()) expect(await violations(frame)).toEqual([]);
    await night.close();
  }

  /** The customer asks on the phone, the agent answers at the desk, the phone shows it. */
  async function talks(on: Frame, desk: Page): Promise<string> {
    const [question, answer] = [uniqueName('请问几点发货'), uniqueName('今天下午')];
    await on.getByTestId('phone-text').fill(question);
    await on.getByTestId('phone-send').click();
    await desk.goto(system.baseUrl);
    await desk.getByTestId('conversation-row').filter({ hasText: question }).click();
    await desk.getByTestId('message-bubble').filter({ hasText: question }).waitFor();
    await desk.getByTestId('composer-input').fill(answer);
    await desk.getByTestId('composer-send').click();
    await on.locator('.account .bubble').filter({ hasText: answer }).waitFor();
    expect(await on.getByText(question).count()).toBe(1);
    expect(await on.getByText(answer).count()).toBe(1);
    return answer;
  }

  it('is chosen in a menu, by keys as well', async () => {
    for (const options of [{}, { colorScheme: 'dark' }] as const) {
      const page = await open(options);
      await logIn(page, system);
      await page.goto(`${system.baseUrl}/settings/accounts`);
      const button = page.getByTestId('try-channels');
      await button.focus();
      await page.keyboard.press('Enter');
      const items = page.getByRole('menuitem');
      await items.first().waitFor();
      expect(await items.count()).toBe(CHANNELS.length);
      await page.keyboard.press('ArrowUp');
      expect(await items.last().evaluate((item) => item === item.ownerDocument.activeElement)).toBe(true);
      await picture(page, `accounts-menu${'colorScheme' in options ? '-dark' : ''}`);
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await items.first().waitFor({ state: 'hidden' });
      expect(await button.evaluate((item) => item === item.ownerDocument.activeElement)).toBe(true);
      await page.close();
    }
  });

  it.each(CHANNELS.filter((channel) => !['wechat-official', 'wechaty'].includes(channel)))(
    '%s: asked on a phone, answered at the desk',
    async (channel) => {
      const [desk, street] = [await open(), await open()];
      await tryIt(desk, channel);
      const on = await phone(street, channel);
      await looksWell(street, channel, await talks(on, desk));
      await Promise.all([desk.close(), street.close()]);
    },
  );

  it('the official account: asked on a phone, answered at the desk', async () => {
    const [desk, street] = [await open(), await open()];
    const account = await tryIt(desk, 'wechat-official');
    await eventually(
      'it is well',
      async () => (await admin.get<Account>(`/accounts/${account.id}`)).status.state === 'ok',
    );
    const on = await phone(street, 'wechat-official');
    await talks(on, desk);
    await on.locator('#voice').click();
    await on.locator('#place').click();
    await on.getByText('上海市人民广场').waitFor();
    await desk.getByText('纬度 31.2304，经度 121.4737').waitFor();
    await on.getByRole('button', { name: '关注', exact: true }).click();
    await on.getByText('你关注了这个公众号').waitFor();
    expect(await on.getByRole('button', { name: '商家扫码登录' }).count()).toBe(0);
    await looksWell(street, 'wechat-official', '上海市人民广场');
    await street.close();
    await desk.close();
  });

  it('the personal WeChat: its code is shown, scanned and confirmed, and both a friend and a group are answered', async () => {
    const [desk, street] = [await open(), await open()];
    const account = await tryIt(desk, 'wechaty');
    const on = await phone(street, 'wechaty');
    await on.getByTestId('phone-text').fill('有人吗');
    await on.getByTestId('phone-send').click();
    await on.getByRole('alert').filter({ hasText: '没有登录' }).waitFor();
    // The shop's phone is logged out, and shows its code where the account is.
    const scan = (event: string) =>
      fetch(`${system.baseUrl}/sandbox/api/platforms/wechaty/${account.id}/event`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ customer: 'phone-1', event }),
      });
    await eventually('the connection', async () => {
      const answer = await scan('scan');
      return ((await answer.json()) as { taken: boolean }[])[0]?.taken === true;
    });
    const login = desk.getByTestId('account-login');
    await login.locator('svg').waitFor();
    expect(await login.getAttribute('data-stage')).toBe('waiting');
    await picture(desk, 'accounts-qr');
    expect(await violations(desk)).toEqual([]);
    // Nobody but admins may put a WeChat of theirs here.
    const agent = await AgentClient.login(system.baseUrl, 'lin', 'huiliu-demo');
    const seen = await agent.get<Account>(`/accounts/${account.id}`);
    expect(seen.status.login).toMatchObject({ stage: 'waiting', qr: null });

    await on.getByRole('button', { name: '商家扫码登录' }).click();
    await desk.locator('[data-testid=account-login][data-stage=logged_in]').waitFor();
    await picture(desk, 'accounts-logged-in');
    await talks(on, desk);
    await on.getByRole('button', { name: '在群里说' }).click();
    const answer = await talks(on, desk);
    // A group is one conversation: whoever speaks in it is named.
    await desk.getByTestId('message-bubble').filter({ hasText: 'phone-1' }).waitFor();
    await picture(desk, 'wechaty-desk');
    await looksWell(street, 'wechaty', answer);
    await Promise.all([desk.close(), street.close()]);
  });

  it('has broken no page', () => expect(problems).toEqual([]));
});
