import { type IconName, iconOf, isIcon } from './phone-icons';
import { lookOf } from './phone-looks';

/** A customer's phone: what is said here goes to the product as the platform's pushes, and what comes back is shown as it came. */
interface Shown {
  from: 'customer' | 'account';
  kind: string;
  text: string;
  mediaUrl: string | null;
  body: unknown;
}
/** What the platform answers for the screen; `about`: what else it knows of the customer. */
interface Screen {
  items: Shown[];
  typing: boolean;
  about: { serviceState?: number } | null;
}
interface Delivery {
  taken: boolean;
  status: number | null;
}

const POLL_MS = 1000;
/** A picture must fit into one request of the sandbox. */
const MOST_BYTES = 600 * 1024;
/** Half a second of silence. */
const VOICE = `IyFBTVIK${'PCAAAAAA'.repeat(8)}`;
const SAID = [
  ...['text', 'image', 'voice', 'video', 'shortvideo', 'location', 'link', 'miniprogram', 'file', 'raw'],
  ...['comment', 'comment_mention', 'mention'],
];
/** Where something was said that everybody sees. */
const PLACES: Readonly<Record<string, readonly [string, string]>> = {
  comment: ['评论', 'Comment'],
  comment_mention: ['评论', 'Comment'],
  mention: ['微博', 'Post'],
};

const query = new URLSearchParams(location.search);
const channel = query.get('channel') ?? '';
const account = query.get('account') ?? '';
const customer = `phone-${query.get('customer') ?? '1'}`;
const language = query.get('lang') === 'en' ? 'en' : 'zh';
const api = `./api/platforms/${encodeURIComponent(channel)}/${encodeURIComponent(account)}`;

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const thread = byId('thread');
const problem = byId('problem');
const text = byId<HTMLInputElement>('text');
const file = byId<HTMLInputElement>('file');
const group = byId<HTMLButtonElement>('group');
const inGroup = (): boolean => group.getAttribute('aria-pressed') === 'true';
const words = (zh: string, en: string): string => (language === 'zh' ? zh : en);
let shown = '';

const look = lookOf(channel);
/** What stands before the words of a message that is more than words. */
const MARKS: Readonly<Record<string, readonly [IconName, string, string]>> = {
  voice: ['voice', '语音', 'Voice'],
  video: ['video', '视频', 'Video'],
  shortvideo: ['video', '视频', 'Video'],
  location: ['place', '位置', 'Position'],
  news: ['link', '链接', 'Link'],
  link: ['link', '链接', 'Link'],
  file: ['file', '文件', 'File'],
  miniprogram: ['app', '小程序', 'Mini program'],
  miniprogrampage: ['app', '小程序', 'Mini program'],
};
const GROUP = '老客户群';

function drawTexts(): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const element of document.querySelectorAll<HTMLElement>('[data-zh]'))
    element.textContent = element.dataset[language] ?? '';
  for (const element of document.querySelectorAll<HTMLElement>('[data-label-zh]'))
    element.setAttribute('aria-label', element.dataset[language === 'zh' ? 'labelZh' : 'labelEn'] ?? '');
}

const element = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = '',
): HTMLElementTagNameMap[K] => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
};

function entryOf(message: Shown): HTMLElement {
  const { kind, from } = message;
  const event = look.events[kind];
  if (event !== undefined || (from === 'customer' && !SAID.includes(kind)))
    return element('p', 'happened', [words(...(event ?? [kind, kind])), message.text].filter(Boolean).join(' · '));
  const entry = element('div', `said ${from}`);
  const face = element('span', 'face', from === 'customer' ? words('我', 'Me') : words('店', 'S'));
  face.setAttribute('aria-hidden', 'true');
  entry.append(face, bubbleOf(message));
  return entry;
}

function bubbleOf({ kind, text, mediaUrl, body }: Shown): HTMLElement {
  if (kind === 'image' && mediaUrl !== null) {
    const bubble = element('p', 'bubble picture');
    const image = document.createElement('img');
    image.src = mediaUrl;
    image.alt = words('图片', 'Picture');
    bubble.append(image);
    return bubble;
  }
  const mark = MARKS[kind];
  if (mark === undefined) {
    const plain = element('p', 'bubble', text);
    const place = PLACES[kind];
    if (place !== undefined) plain.prepend(element('small', 'place', words(...place)));
    return plain;
  }
  const [icon, zh, en] = mark;
  const name = words(zh, en);
  if (kind === 'voice') {
    const bubble = element('p', 'bubble voice', [name, text].filter(Boolean).join('\n'));
    bubble.prepend(iconOf(icon));
    return bubble;
  }
  const bubble = element('div', 'bubble card');
  const [title = '', ...rest] = (kind === 'file' && typeof body === 'string' ? body : text).split('\n');
  const head = element('b', '', title || name);
  head.prepend(iconOf(icon));
  bubble.append(head, element('small', '', rest.join('\n')));
  return bubble;
}

function complain(trouble: string | null): void {
  problem.hidden = trouble === null;
  problem.textContent = trouble ?? '';
}

async function refresh(): Promise<void> {
  try {
    const response = await fetch(`${api}/thread?customer=${customer}`);
    if (!response.ok) throw new Error(String(response.status));
    const { items, typing, about } = (await response.json()) as Screen;
    const state = about === null ? null : (look.states?.[about.serviceState ?? -1] ?? null);
    byId('typing').textContent = typing ? words('对方正在输入…', 'typing…') : state === null ? '' : words(...state);
    const now = JSON.stringify(items);
    if (now === shown) return;
    shown = now;
    thread.replaceChildren(...items.map(entryOf));
    thread.scrollTop = thread.scrollHeight;
  } catch {
    complain(words('连不上沙盒，正在重试。', 'The sandbox does not answer. Trying again.'));
  }
}

/** What to do where nobody has logged in yet. */
const hint = (): string =>
  channel === 'wechaty'
    ? words('。商家的微信没有登录：点「商家扫码登录」。', '. The shop’s WeChat is not logged in: choose Shop scans in.')
    : '';

/** Whose chat this is. */
async function drawTitle(): Promise<void> {
  const response = await fetch('./api/channels').catch(() => null);
  if (response?.ok !== true) return;
  const { items } = (await response.json()) as {
    items: { channel: string; accounts: { id: string; name: string }[] }[];
  };
  const found = items.find((one) => one.channel === channel)?.accounts.find(({ id }) => id === account);
  if (found !== undefined) byId('title').textContent = document.title = found.name;
}

function drawClock(): void {
  byId('clock').textContent = new Date().toTimeString().slice(0, 5);
}

/** Says or does something, and tells when the product did not take it. */
async function push(path: 'say' | 'event', body: object): Promise<void> {
  complain(null);
  try {
    const response = await fetch(`${api}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customer, ...body, ...(path === 'say' && inGroup() ? { raw: { room: GROUP } } : {}) }),
    });
    if (!response.ok) throw new Error(String(response.status));
    // What is said in public may bring no push: the product asks for it.
    const deliveries = (await response.json()) as Delivery[];
    const lost = deliveries.find(({ taken }) => !taken);
    if (lost !== undefined)
      complain(words(`没有送达（${lost.status ?? '没有回应'}）`, `Not taken (${lost.status ?? 'no answer'})`) + hint());
  } catch (error) {
    complain(words('没有发出：', 'Not sent: ') + (error instanceof Error ? error.message : ''));
  }
  await refresh();
}

async function sendPicture(picture: File): Promise<void> {
  if (picture.size > MOST_BYTES)
    return complain(words('图片太大，最多 600 KB。', 'The picture is too large: at most 600 KB.'));
  const bytes = new Uint8Array(await picture.arrayBuffer());
  const data = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  await push('say', { kind: 'image', file: { name: picture.name, mime: picture.type, data } });
}

byId('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const said = text.value.trim();
  if (said === '') return;
  text.value = '';
  void push('say', { kind: 'text', text: said });
});
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-say]'))
  button.addEventListener('click', () => {
    const said = text.value.trim();
    if (said === '') return text.focus();
    text.value = '';
    void push('say', { kind: button.dataset.say ?? 'text', text: said });
  });
byId('picture').addEventListener('click', () => file.click());
file.addEventListener('change', () => {
  const picture = file.files?.[0];
  file.value = '';
  if (picture !== undefined) void sendPicture(picture);
});
byId('voice').addEventListener('click', () => {
  const recognition = words('你好，在吗？', 'Hello, is anybody there?');
  void push('say', { kind: 'voice', recognition, file: { name: 'voice.amr', mime: 'audio/amr', data: VOICE } });
});
byId('place').addEventListener('click', () => {
  void push('say', {
    kind: 'location',
    latitude: 31.2304,
    longitude: 121.4737,
    label: words('上海市人民广场', 'People’s Square, Shanghai'),
  });
});
for (const { event, key, icon, name } of look.acts) {
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.event = event;
  button.dataset.icon = icon;
  button.textContent = words(...name);
  button.addEventListener('click', () => void push('event', { event, ...(key === undefined ? {} : { key }) }));
  file.before(button);
}

group.addEventListener('click', () => group.setAttribute('aria-pressed', String(!inGroup())));
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-only]'))
  button.hidden = button.dataset['only'] !== channel;

/** Before the words of each button, which have been set. */
function drawIcons(): void {
  for (const button of document.querySelectorAll<HTMLElement>('[data-icon]')) {
    const { icon } = button.dataset;
    if (isIcon(icon)) button.prepend(iconOf(icon));
  }
}

drawTexts();
drawIcons();
drawClock();
void drawTitle();
void refresh();
setInterval(() => {
  drawClock();
  void refresh();
}, POLL_MS);
