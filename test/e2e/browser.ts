import { readFileSync } from 'node:fs';
import type { System } from '@huiliu/testing';
import { chromium, type Browser, type Frame, type Page } from 'playwright-core';

/** What axe finds against WCAG 2.2 AA, in words. */
export async function violations(page: Page | Frame): Promise<string[]> {
  // Evaluated by the debugger: the page's own policy lets no foreign script in.
  await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const options = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };
  const { violations: found } = await page.evaluate<{
    violations: { id: string; nodes: { target: string[] }[] }[];
  }>(`axe.run(document, ${JSON.stringify(options)})`);
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

/** Chromium as `npm test` found or installed it. */
export function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH;
  if (!executablePath) throw new Error('CHROMIUM_PATH is not set: run `npm test`, or name a Chromium');
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
  return chromium.launch({ executablePath, args });
}

/** Opens the agents' page as the admin, or as somebody else. */
export async function logIn(
  page: Page,
  system: System,
  { username, password } = { username: 'admin', password: system.adminPassword },
): Promise<void> {
  await page.goto(system.baseUrl);
  await page.getByTestId('login-username').fill(username);
  await page.getByTestId('login-password').fill(password);
  await page.getByTestId('login-submit').click();
  await page.getByTestId('presence-select').waitFor();
}
