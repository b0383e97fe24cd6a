import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { eventually, MailServer, SmtpSink, startSuite, type System } from '@huiliu/testing';
import type { Browser, Page } from 'playwright-core';
import { logIn, openBrowser, violations } from './browser';
import { MAIL_ENV, MailDesk, newMessageId, plainMail } from './mail-stage';
import { Stage } from './stage';

jest.setTimeout(120_000);

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC';

/** A mail of HTML with a picture in it, an attached file, and what it answers quoted below. */
function richMail(id: string, html: string): Buffer {
  const part = (headers: readonly string[], body: string): string =>
    `--b\r\n${headers.join('\r\n')}\r\n\r\n${body}\r\n`;
  return plainMail({
    id,
    from: '安女士 <ann@example.com>',
    subject: '订单 8848 什么时候发货',
    headers: ['Cc: 老板 <boss@example.com>', 'Content-Type: multipart/related; boundary=b'],
    text:
      part(['Content-Type: text/html; charset=utf-8'], html.replaceAll('\n', '\r\n')) +
      part(
        ['Content-Type: image/png; name=shot.png', 'Content-ID: <shot@x>', 'Content-Transfer-Encoding: base64'],
        PNG,
      ) +
      part(
        ['Content-Type: application/pdf; name="invoice.pdf"', 'Content-Disposition: attachment'],
        '%PDF-1.4 an invoice',
      ) +
      '--b--',
  });
}

describe('a mail on the agents’ page', () => {
  let system: System;
  let server: MailServer;
  let early: MailServer | undefined;
  let sink: SmtpSink;
  let desk: MailDesk;
  let browser: Browser;
  let page: Page;
  let elsewhere: Server;
  const loaded: IncomingMessage[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    elsewhere = createServer((request, response) => {
      loaded.push(request);
      response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from(PNG, 'base64'));
    });
    await new Promise<void>((listening) => elsewhere.listen(0, '127.0.0.1', listening));
    [server, sink, system] = await Promise.all([
      MailServer.start(),
      SmtpSink.start(),
      startSuite({ env: { ...MAIL_ENV } }),
    ]);
    desk = await MailDesk.open(await Stage.on(system), server, sink);
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1366, height: 900 }, locale: 'zh-CN', colorScheme: 'light' });
    page.on('pageerror', (error) => problems.push(String(error)));
    await logIn(page, system);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
    await Promise.all([server?.stop(), early?.stop(), sink?.stop()]);
    await new Promise((closed) => elsewhere.close(closed));
  }, 60_000);

  const opens = async (words: string): Promise<void> => {
    await page
      .getByRole('tab', { name: '全部' })
      .or(page.getByRole('button', { name: '全部' }))
      .first()
      .click();
    await page.getByTestId('conversation-row').filter({ hasText: words }).click();
  };
  const bubble = (words: string) => page.getByTestId('mail').filter({ hasText: words });
  const frame = () => page.frameLocator('[data-testid="mail-frame"]').first();
  /** A picture for people to look at, where one was asked for. */
  const picture = async (name: string): Promise<void> => {
    const folder = process.env.MAIL_VIEW_PICTURES;
    if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
  };
  /** Nothing that axe finds, on either paper. */
  const isAccessible = async (name: string): Promise<void> => {
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await eventually(
        `the page is ${colorScheme}`,
        async () => (await page.evaluate('document.documentElement.dataset.theme')) === colorScheme,
      );
      await picture(`${name}-${colorScheme}`);
      expect(await violations(page)).toEqual([]);
    }
  };

  it('shows who wrote to whom and what; quotes unfold and pictures load by the keyboard, and not before', async () => {
    const { port } = elsewhere.address() as AddressInfo;
    const far = `http://127.0.0.1:${port}`;
    const id = newMessageId();
    const source = richMail(
      id,
      `<p style="color:#336">您好，<b>订单 8848</b> 什么时候发货？<a href="https://shop.example/8848">查看</a></p>
      <p>截图：<img src="cid:shot@x" width="40" height="40" alt="截图"></p>
      <p style="background:url(${far}/style)">顺祝商祺</p><img src="${far}/pixel.png" width="30" height="30" alt="标志">
      <script>document.title = 'pwned'; parent.document.title = 'pwned'</script><img src="x" onerror="parent.document.title='pwned'">
      <form action="${far}/form"><input name="a"></form><meta http-equiv="refresh" content="0;url=${far}/refresh">
      <blockquote type="cite">客服：您的订单已收到。</blockquote>`,
    );
    await desk.deliver(source);
    await desk.shown(id);
    await opens('订单 8848');
    const mail = bubble('订单 8848 什么时候发货');
    for (const words of ['安女士 <ann@example.com>', 'support@shop.example', 'boss@example.com', 'invoice.pdf'])
      await mail.getByText(words).first().waitFor();
    // The picture in the text is no attachment beside it.
    expect(await mail.getByText('shot.png').count()).toBe(0);
    await frame().getByText('顺祝商祺').waitFor();
    await frame().locator('img[src^="blob:"]').waitFor();
    expect(await frame().getByText('您的订单已收到').isVisible()).toBe(false);
    expect(await frame().locator('script, form, meta[http-equiv="refresh"], [onerror]').count()).toBe(0);
    expect(await frame().locator('a').getAttribute('rel')).toContain('noopener');
    expect(await page.getByTestId('mail-frame').getAttribute('sandbox')).not.toContain('allow-scripts');
    await isAccessible('rich-folded');

    const heightOf = async (): Promise<number> => (await page.getByTestId('mail-frame').boundingBox())?.height ?? 0;
    const folded = await heightOf();
    const fold = mail.getByTestId('mail-fold');
    await fold.focus();
    await page.keyboard.press('Enter');
    await frame().getByText('您的订单已收到').waitFor();
    await eventually('the frame is as tall as its mail', async () => (await heightOf()) > folded);
    expect(await fold.getAttribute('aria-expanded')).toBe('true');
    await page.keyboard.press('Space');
    await eventually('it is folded again', async () => (await heightOf()) === folded);

    expect(loaded).toEqual([]);
    await mail.getByTestId('mail-load-images').focus();
    await page.keyboard.press('Enter');
    await eventually('the picture is there', async () => (await frame().locator('img[src^="blob:"]').count()) === 2);
    expect(loaded.map(({ url }) => url)).toEqual(['/pixel.png']);
    // Fetched by the server, which tells nothing of the page.
    expect(JSON.stringify(loaded[0]?.headers)).not.toMatch(/Chrome|referer|cookie/i);
    expect(await page.title()).not.toContain('pwned');

    const to = page.getByTestId('mail-recipients');
    await to.getByText('Re: 订单 8848 什么时候发货').waitFor();
    await to.getByText('ann@example.com').first().waitFor();
    await mail.getByTestId('mail-source').focus();
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    expect(download.suggestedFilename()).toBe('message.eml');
    expect((await readFile(await download.path())).equals(source)).toBe(true);
    await isAccessible('rich-shown');
    expect(problems).toEqual([]);
  });

  it('of plain text is text; what a machine or another address wrote is marked', async () => {
    const first = await desk.receive({
      subject: '纯文本',
      text: '第一行\r\n<b>不是标签</b> https://shop.example/1\r\n\r\n在 2026年11月26日，客服 <support@shop.example> 写道：\r\n> 原来的内容',
    });
    await desk.shown(first);
    const answers = [`In-Reply-To: ${first}`, `References: ${first}`];
    await desk.shown(
      await desk.receive({
        subject: '休假中',
        text: '我在休假',
        headers: [...answers, 'Auto-Submitted: auto-replied'],
      }),
    );
    await desk.shown(
      await desk.receive({ from: 'friend@example.com', subject: 'Re: 纯文本', text: '我来补充', headers: answers }),
    );
    await opens('我来补充');
    const plain = bubble('<b>不是标签</b>');
    await plain.waitFor();
    expect(await plain.locator('a').getAttribute('href')).toBe('https://shop.example/1');
    expect(await plain.getByTestId('mail-quoted').count()).toBe(0);
    await plain.getByTestId('mail-fold').focus();
    await page.keyboard.press('Enter');
    await plain.getByTestId('mail-quoted').getByText('原来的内容').waitFor();
    expect(await bubble('我在休假').getByTestId('mail-automatic').textContent()).toBe('自动回复');
    await bubble('我来补充').getByText('来自其他地址').waitFor();
    expect(await page.getByTestId('mail-frame').count()).toBe(0);
    await isAccessible('plain');
  });

  it('that was too long to be carried whole says so, and is there to be had; a tall one is cut until asked for', async () => {
    const id = newMessageId();
    const long = Array.from({ length: 9_000 }, (_, n) => `<p>第 ${n} 段，一段不短的内容，写了很多很多的字。</p>`).join(
      '',
    );
    await desk.deliver(
      plainMail({ id, subject: '过长的邮件', headers: ['Content-Type: text/html; charset=utf-8'], text: long }),
    );
    await desk.shown(id);
    await opens('过长的邮件');
    const mail = bubble('过长的邮件');
    await mail.getByText('too long to be shown').first().waitFor();
    await mail.getByTestId('mail-source').waitFor();
    await isAccessible('cut');

    const tall = newMessageId();
    await desk.deliver(
      plainMail({
        id: tall,
        subject: '很长的邮件',
        headers: ['Content-Type: text/html; charset=utf-8'],
        text: `<div>${'<p>一段内容</p>'.repeat(200)}<p>最后一段</p></div>`,
      }),
    );
    await desk.shown(tall);
    await opens('很长的邮件');
    const box = page.getByTestId('mail-frame');
    await eventually('it is cut', async () => (await box.boundingBox())?.height === 900);
    await isAccessible('tall');
    await page.getByRole('button', { name: '显示全部' }).click();
    await eventually('it is whole', async () => ((await box.boundingBox())?.height ?? 0) > 4_000);
    // A mail is written for white paper, whatever the page around it is.
    await page.emulateMedia({ colorScheme: 'dark' });
    const paper = await page.evaluate(`(() => {
      const { documentElement, body } = document.querySelector('[data-testid="mail-frame"]').contentDocument;
      return [getComputedStyle(documentElement).backgroundColor, getComputedStyle(body).color];
    })()`);
    expect(paper).toEqual(['rgb(255, 255, 255)', 'rgb(27, 31, 35)']);
    await page.emulateMedia({ colorScheme: 'light' });
    expect(problems).toEqual([]);
  });

  it('and its account: a first reading shows how far it is, a check says what is wrong', async () => {
    early = await MailServer.start();
    for (let n = 0; n < 1_500; n++)
      await early.deliver('early', plainMail({ from: `e${n}@customer.example`, text: `早先的第 ${n} 封` }));
    const config = {
      address: 'early@shop.example',
      imap: early.login('early'),
      smtp: sink.login('early'),
      importFrom: 'start',
    };
    const stage = await Stage.on(system);
    const account = await stage.admin.post<{ id: string }>('/accounts', { channel: 'email', name: '老邮箱', config });
    await page.goto(`${system.baseUrl}/settings/accounts`);
    const tile = page.getByTestId('account').filter({ hasText: '老邮箱' });
    await tile.getByText(/正在导入 [\d,]+ \/ 1,500/).waitFor({ timeout: 30_000 });
    await isAccessible('importing');
    await stage.admin.put(`/accounts/${account.id}`, {
      config: { ...config, imap: { ...config.imap, pass: 'wrong' } },
    });
    await tile.getByRole('button', { name: '检测' }).focus();
    await page.keyboard.press('Enter');
    await tile.getByText('授权码').waitFor({ timeout: 30_000 });
    await isAccessible('wrong-password');
    expect(problems).toEqual([]);
  });
});
