/** The page where a person plays the customer. What channels there are comes from the server, so that a new one adds itself. */
interface Account {
  id: string;
  name: string;
  page: string;
}
interface Channel {
  channel: string;
  name: { zh: string; en: string };
  help: { zh: string; en: string } | null;
  accounts: Account[];
}
type Language = 'zh' | 'en';

const REFRESH_MS = 3000;
const MOST_CUSTOMERS = 20;

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const tabs = byId('channels');
const accountSelect = byId<HTMLSelectElement>('account');
const customerSelect = byId<HTMLSelectElement>('customer');
const languageButton = byId<HTMLButtonElement>('language');
const another = byId<HTMLButtonElement>('another');
const empty = byId('empty');
const frame = byId('frame');

let language: Language = (localStorage.getItem('huiliu:lang') ?? navigator.language).toLowerCase().startsWith('zh')
  ? 'zh'
  : 'en';
let channels: Channel[] = [];
let current = '';
let customers = Math.max(1, Math.min(MOST_CUSTOMERS, Number(localStorage.getItem('huiliu:customers') ?? 1)));
let shown = '';
let state: 'loading' | 'there' | 'away' = 'loading';

function channelNow(): Channel | undefined {
  return channels.find((one) => one.channel === current) ?? channels[0];
}

function option(value: string, text: string, selected: boolean): HTMLOptionElement {
  return new Option(text, value, selected, selected);
}

function drawTexts(): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = language === 'zh' ? '汇流 · 扮演一位客户' : 'Huiliu · Be a customer';
  languageButton.textContent = language === 'zh' ? 'EN' : '中文';
  for (const element of document.querySelectorAll<HTMLElement>('[data-zh]'))
    element.textContent = element.dataset[language] ?? '';
  for (const element of document.querySelectorAll<HTMLElement>('[data-label-zh]'))
    element.setAttribute('aria-label', element.dataset[language === 'zh' ? 'labelZh' : 'labelEn'] ?? '');
}

function drawTabs(): void {
  const nodes = channels.map((one) => {
    const tab = document.createElement('button');
    tab.type = 'button';
    tab.textContent = one.name[language];
    tab.setAttribute('aria-pressed', String(one === channelNow()));
    tab.addEventListener('click', () => {
      current = one.channel;
      draw();
    });
    return tab;
  });
  tabs.replaceChildren(...nodes);
}

function drawSelects(): void {
  const accounts = channelNow()?.accounts ?? [];
  const account = accounts.find((one) => one.id === accountSelect.value) ?? accounts[0];
  accountSelect.replaceChildren(...accounts.map((one) => option(one.id, one.name, one === account)));
  const customer = customerSelect.value || '1';
  const names = Array.from({ length: customers }, (_, i) => String(i + 1));
  customerSelect.replaceChildren(
    ...names.map((n) => option(n, language === 'zh' ? `客户 ${n}` : `Customer ${n}`, n === customer)),
  );
  const there = account !== undefined;
  for (const control of [accountSelect, customerSelect, another]) control.disabled = !there;
  frame.hidden = !there;
  drawNotice(there);
}

/** Why there is nothing to play with, or what is wrong. */
function drawNotice(there: boolean): void {
  empty.hidden = state === 'loading' || (there && state === 'there');
  if (state === 'away') {
    empty.textContent = language === 'zh' ? '连不上服务器，正在重试。' : 'The server does not answer. Trying again.';
    return;
  }
  empty.textContent =
    channelNow()?.help?.[language] ??
    (language === 'zh'
      ? '还没有可以试用的渠道账号：以管理员登录坐席页面，在「设置 › 渠道账号」里新建一个。'
      : "There is no account to try yet: log in to the agents' page as admin and add one under Settings › Accounts.");
}

function drawFrame(): void {
  const account = channelNow()?.accounts.find((one) => one.id === accountSelect.value);
  if (account === undefined) {
    shown = '';
    return frame.replaceChildren();
  }
  const page = `${account.page}&customer=${customerSelect.value}&lang=${language}`;
  if (page === shown) return;
  shown = page;
  const iframe = document.createElement('iframe');
  iframe.src = page;
  iframe.title = account.name;
  iframe.dataset['testid'] = 'sandbox-frame';
  frame.replaceChildren(iframe);
}

function draw(): void {
  drawTexts();
  drawTabs();
  drawSelects();
  drawFrame();
}

/** Draws again only when something is new: a list that is open stays open. */
function learn(now: typeof state, next: Channel[]): void {
  if (now === state && JSON.stringify(next) === JSON.stringify(channels)) return;
  state = now;
  channels = next;
  draw();
}

async function refresh(): Promise<void> {
  try {
    const response = await fetch('./api/channels');
    if (!response.ok) throw new Error(String(response.status));
    learn('there', ((await response.json()) as { items: Channel[] }).items);
  } catch {
    // The next round tries again.
    learn('away', channels);
  }
  setTimeout(() => void refresh(), REFRESH_MS);
}

languageButton.addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem('huiliu:lang', language);
  draw();
});
accountSelect.addEventListener('change', drawFrame);
customerSelect.addEventListener('change', drawFrame);
another.addEventListener('click', () => {
  customers = Math.min(MOST_CUSTOMERS, customers + 1);
  localStorage.setItem('huiliu:customers', String(customers));
  drawSelects();
  customerSelect.value = String(customers);
  drawFrame();
});

draw();
void refresh();
