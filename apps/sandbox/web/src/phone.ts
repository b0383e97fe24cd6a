/** A customer's phone: what is said here goes to the product as the platform's pushes, and what comes back is shown as it came. */
interface Shown {
  from: 'customer' | 'account';
  kind: string;
  text: string;
  mediaUrl: string | null;
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
  ...['text', 'image', 'voice', 'video', 'shortvideo', 'location', 'link', 'miniprogram', 'raw'],
  ...['comment', 'comment_mention', 'mention'],
];
/** What the account is called on this channel. */
const TITLES: Readonly<Record<string, readonly [string, string]>> = {
  'wechat-official': ['公众号', 'Official account'],
  weibo: ['微博', 'Weibo'],
};
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
const words = (zh: string, en: string): string => (language === 'zh' ? zh : en);
let shown = '';

const EVENTS: Readonly<Record<string, readonly [string, string]>> = {
  follow: ['你关注了这个账号', 'You follow this account'],
  unfollow: ['你取消了关注', 'You do not follow it any more'],
  scan: ['你扫描了二维码', 'You scanned a code'],
  menu_click: ['你点击了菜单', 'You used the menu'],
};
const MEDIA: Readonly<Record<string, readonly [string, string]>> = {
  image: ['图片', 'Picture'],
  voice: ['语音', 'Voice'],
  location: ['位置', 'Position'],
};

function drawTexts(): void {
  const [zh, en] = TITLES[channel] ?? [channel, channel];
  byId('title').textContent = words(zh, en);
  document.title = words(zh, en);
  for (const element of document.querySelectorAll<HTMLElement>('[data-channels]'))
    element.hidden = !(element.dataset.channels ?? '').split(' ').includes(channel);
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const element of document.querySelectorAll<HTMLElement>('[data-zh]'))
    element.textContent = element.dataset[language] ?? '';
  for (const element of document.querySelectorAll<HTMLElement>('[data-label-zh]'))
    element.setAttribute('aria-label', element.dataset[language === 'zh' ? 'labelZh' : 'labelEn'] ?? '');
}

function bubbleOf(message: Shown): HTMLElement {
  const bubble = document.createElement('p');
  const happened = message.from === 'customer' && !SAID.includes(message.kind);
  bubble.className = `bubble ${happened ? 'happened' : message.from}`;
  const place = PLACES[message.kind];
  if (place !== undefined) bubble.dataset.place = words(...place);
  const [zh, en] = (happened ? EVENTS : MEDIA)[message.kind] ?? ['', ''];
  const label = words(zh, en) || (happened ? message.kind : '');
  if (message.kind === 'image' && message.mediaUrl !== null) {
    const image = document.createElement('img');
    image.src = message.mediaUrl;
    image.alt = words('图片', 'Picture');
    bubble.append(image);
  } else bubble.textContent = [label, message.text].filter((one) => one !== '').join(' ');
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
    const { items, typing } = (await response.json()) as { items: Shown[]; typing: boolean };
    byId('typing').textContent = typing ? words('对方正在输入…', 'typing…') : '';
    const now = JSON.stringify(items);
    if (now === shown) return;
    shown = now;
    thread.replaceChildren(...items.map(bubbleOf));
    thread.scrollTop = thread.scrollHeight;
  } catch {
    complain(words('连不上沙盒，正在重试。', 'The sandbox does not answer. Trying again.'));
  }
}

/** Says or does something, and tells when the product did not take it. */
async function push(path: 'say' | 'event', body: object): Promise<void> {
  complain(null);
  try {
    const response = await fetch(`${api}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customer, ...body }),
    });
    if (!response.ok) throw new Error(String(response.status));
    // What is said in public may bring no push: the product asks for it.
    const deliveries = (await response.json()) as Delivery[];
    const lost = deliveries.find(({ taken }) => !taken);
    if (lost !== undefined)
      complain(words(`没有送达（${lost.status ?? '没有回应'}）`, `Not taken (${lost.status ?? 'no answer'})`));
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
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-event]'))
  button.addEventListener('click', () => {
    const { event = '', key } = button.dataset;
    void push('event', { event, ...(key === undefined ? {} : { key }) });
  });

drawTexts();
void refresh();
setInterval(() => void refresh(), POLL_MS);

// A module of its own: the pages of this folder share no names.
export {};
