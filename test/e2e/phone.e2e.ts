import type { Account } from '@huiliu/contracts';
import { AgentClient, eventually, startSuite, uniqueName, type System } from '@huiliu/testing';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type Frame, type Page } from 'playwright-core';
import { executable, logIn, violations } from './browser';

jest.setTimeout(180_000);

/** Set by a person who wants to look at the pages. */
const PICTURES = process.env['HUILIU_PICTURES'];

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
}

describe('a channel that is tried with one click', () => {
  let system: System;
  let browser: Browser;
  let admin: AgentClient;
  const problems: string[] = [];

  beforeAll(async () => {
    system = await startSuite();
    admin = await AgentClient.login(system.baseUrl, 'admin', system.adminPassword);
    await admin.setPresence('online');
    browser = await chromium.launch({
      executablePath: executable(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
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
    await page.getByTestId(`try-${channel}`).click();
    return eventually('the account', async () =>
      (await admin.get<{ items: Account[] }>('/accounts')).items.find(({ id }) => !known.has(id)),
    );
  }

  async function phone(page: Page, channel: string, customer = '1'): Promise<Frame> {
    await page.goto(`${system.baseUrl}/sandbox/`);
    await page.getByRole('button', { name: channel, exact: true }).click();
    await page.locator('#customer').selectOption(customer);
    const element = await page.getByTestId('sandbox-frame').elementHandle();
    const frame = await element?.contentFrame();
    if (!frame) throw new Error('the phone is not there');
    await frame.getByTestId('phone-text').waitFor();
    return frame;
  }

  /** The customer asks on the phone, the agent answers at the desk, the phone shows it. */
  async function talks(on: Frame, desk: Page): Promise<void> {
    const [question, answer] = [uniqueName('请问几点发货'), uniqueName('今天下午')];
    await on.getByTestId('phone-text').fill(question);
    await on.getByTestId('phone-send').click();
    await desk.goto(system.baseUrl);
    await desk.getByTestId('conversation-row').filter({ hasText: question }).click();
    await desk.getByTestId('message-bubble').filter({ hasText: question }).waitFor();
    await desk.getByTestId('composer-input').fill(answer);
    await desk.getByTestId('composer-send').click();
    await on.getByText(answer).waitFor();
    expect(await on.getByText(question).count()).toBe(1);
    expect(await on.getByText(answer).count()).toBe(1);
  }

  it('the official account: asked on a phone, answered at the desk', async () => {
    const [desk, street] = [await open(), await open()];
    const account = await tryIt(desk, 'wechat-official');
    await eventually(
      'it is well',
      async () => (await admin.get<Account>(`/accounts/${account.id}`)).status.state === 'ok',
    );
    const on = await phone(street, '微信公众号');
    await talks(on, desk);
    await on.locator('#voice').click();
    await on.locator('#place').click();
    await on.getByText('上海市人民广场').waitFor();
    await on.getByRole('button', { name: '关注', exact: true }).click();
    await on.getByText('你关注了这个公众号').waitFor();
    expect(await on.getByRole('button', { name: '商家扫码登录' }).count()).toBe(0);
    await picture(street, 'official-phone');
    expect(await violations(on)).toEqual([]);
    await street.close();
    const night = await open({ colorScheme: 'dark' });
    const dark = await phone(night, '微信公众号');
    await dark.getByText('上海市人民广场').waitFor();
    await picture(night, 'official-phone-dark');
    expect(await violations(dark)).toEqual([]);
    await night.close();
    await desk.close();
  });

  it('the personal WeChat: its code is shown, scanned and confirmed, and both a friend and a group are answered', async () => {
    const [desk, street] = [await open(), await open()];
    const account = await tryIt(desk, 'wechaty');
    const on = await phone(street, '个人微信');
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
    await talks(on, desk);
    await picture(street, 'personal-phone');
    await picture(desk, 'personal-desk');
    expect(await violations(on)).toEqual([]);
    await Promise.all([desk.close(), street.close()]);
  });

  it('has broken no page', () => expect(problems).toEqual([]));
});
