import { api, type Mail, type PortTaken } from './mail/api';
import { composer } from './mail/composer';
import { button, el } from './mail/dom';
import { keepMe, readMe } from './mail/me';
import { nameOf } from './mail/quote';
import { type Language, textsOf } from './mail/texts';
import { threadView } from './mail/thread-view';
import { type Thread, threadsOf } from './mail/threads';

/** A customer's mail program: what they sent, what came back, and where they write. Asks for news as the page around it does. */
const REFRESH_MS = 2000;

const query = new URLSearchParams(location.search);
const language: Language = query.get('lang') === 'en' ? 'en' : 'zh';
const customer = /^\d{1,3}$/.test(query.get('customer') ?? '') ? (query.get('customer') as string) : '1';
const shop = query.get('to') ?? '';
const texts = textsOf(language);
const byId = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;

let me = readMe(customer, language);
let mails: Mail[] = [];
let generation: number | null = null;
let problems: PortTaken[] = [];
let away = false;
let open: number | 'new' | null = null;
/** The last mail of each thread that was looked at. */
const seen = new Map<number, number>();

function drawNotice(): void {
  const notice = byId('away');
  const taken = problems[0];
  notice.hidden = !away && taken === undefined;
  notice.textContent = away || taken === undefined ? texts.away : texts.portTaken(taken.port, taken.key);
}

function drawThreads(): void {
  const threads = threadsOf(mails);
  const rows = threads.map((thread) => {
    const { last, mails: list } = thread;
    const fresh = last.folder === 'inbox' && (seen.get(thread.id) ?? 0) < last.id;
    const row = button('', () => show(thread.id), {
      className: `item${fresh ? ' fresh' : ''}`,
      testid: 'mail-item',
    });
    row.setAttribute('aria-current', String(open === thread.id));
    row.append(
      el('b', {}, list[0]?.subject || texts.noSubject),
      el(
        'span',
        {},
        `${last.folder === 'sent' ? texts.me : last.from.name || last.from.address}: ${last.text.trim().slice(0, 80)}`,
      ),
      el('i', {}, String(list.length)),
    );
    return row;
  });
  byId('threads').replaceChildren(
    el(
      'header',
      {},
      el('span', { className: 'me', title: me.address }, nameOf(me)),
      button(texts.write, () => show('new'), { testid: 'mail-write', className: 'button primary' }),
    ),
    el('nav', { label: texts.threads }, ...rows),
    el('p', { className: 'hint' }, threads.length === 0 ? `${texts.none} ${texts.memory}` : texts.memory),
  );
}

function drawMain(): void {
  const main = byId('main');
  if (open === 'new') return main.replaceChildren(newMail());
  const thread = threadsOf(mails).find(({ id }) => id === open);
  if (thread === undefined) return main.replaceChildren(el('p', { className: 'hint' }, texts.choose));
  seen.set(thread.id, thread.last.id);
  main.replaceChildren(threadOf(thread));
  main.scrollTop = main.scrollHeight;
}

function newMail(): HTMLElement {
  return composer({ me, to: shop, texts, language, answers: null, onMe, onSent, onCancel: () => show(latest()) });
}

function threadOf(thread: Thread): HTMLElement {
  return threadView(thread, { me: me.address, texts, language, onReply: reply });
}

function reply(mail: Mail, all: boolean): void {
  const form = composer({
    me,
    to: shop,
    texts,
    language,
    answers: { mail, all },
    onMe,
    onSent,
    onCancel: drawMain,
  });
  byId('main').querySelector('.thread > .acts')?.replaceWith(form);
  form.scrollIntoView({ block: 'end' });
}

function latest(): number | 'new' {
  return threadsOf(mails)[0]?.id ?? 'new';
}

function show(what: number | 'new'): void {
  open = what;
  drawMain();
  drawThreads();
}

function onMe(next: typeof me): void {
  if (next.address.toLowerCase() !== me.address.toLowerCase()) forget();
  me = next;
  keepMe(customer, me);
}

function onSent(id: number): void {
  void look().then(() => show(mails.find((mail) => mail.id === id)?.thread ?? latest()));
}

function forget(): void {
  mails = [];
  generation = null;
  seen.clear();
}

/** What is written stays when something new comes in: only the mails above it are drawn again. */
function drawNews(): void {
  const form = byId('main').querySelector<HTMLElement>('.thread > form');
  const thread = threadsOf(mails).find(({ id }) => id === open);
  if (open === null || (thread === undefined && open !== 'new')) open = latest();
  if (open !== 'new' && form !== null && thread !== undefined) {
    const fresh = threadOf(thread);
    for (const mail of [...fresh.querySelectorAll('.mail')].slice(form.parentElement?.querySelectorAll('.mail').length))
      form.before(mail);
    seen.set(thread.id, thread.last.id);
  } else if (open !== 'new' || byId('main').querySelector('form') === null) drawMain();
  drawThreads();
}

async function look(): Promise<void> {
  const last = mails.at(-1)?.id ?? 0;
  const address = me.address;
  const [found, taken] = await Promise.all([api.mails(address, last, generation), api.problems()]);
  if (address !== me.address) return;
  const anew = generation !== null && found.generation !== generation;
  const first = generation === null;
  if (anew) forget();
  generation = found.generation;
  // Two rounds may overlap: the one after a mail was sent, and the one by the clock.
  mails.push(...found.items.filter(({ id }) => id > (mails.at(-1)?.id ?? 0)));
  problems = taken;
  if (anew || first || found.items.length > 0) drawNews();
}

async function refresh(): Promise<void> {
  try {
    await look();
    away = false;
  } catch {
    // The next round tries again.
    away = true;
  }
  drawNotice();
  setTimeout(() => void refresh(), REFRESH_MS);
}

document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
document.title = texts.title;
drawThreads();
void refresh();
