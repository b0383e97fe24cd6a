import type { Mail } from './api';
import { answerSubject, quoteHtml, quoteText, recipients } from './quote';

const mail: Mail = {
  id: 7,
  folder: 'inbox',
  thread: 7,
  at: '2026-11-27T11:00:00.000Z',
  from: { name: '山野客服', address: 'service@shanye.example' },
  to: [{ name: '', address: 'Chen@customer.example' }],
  cc: [
    { name: '', address: 'wang@customer.example' },
    { name: '', address: 'service@shanye.example' },
  ],
  subject: 'Re: 尺码',
  text: '有 M 码。\n\n> 还有货吗？\n',
  html: null,
  attachments: [],
};

test('a subject gets one Re:', () => {
  expect(answerSubject('尺码')).toBe('Re: 尺码');
  expect(answerSubject('RE: 回复：Re: 尺码')).toBe('Re: 尺码');
});

test('a reply goes to the sender, to all with the others as Cc, never to ourselves', () => {
  const me = 'chen@customer.example';
  expect(recipients(mail, me, false)).toEqual({ to: ['service@shanye.example'], cc: [] });
  expect(recipients(mail, me, true)).toEqual({ to: ['service@shanye.example'], cc: ['wang@customer.example'] });
  const own: Mail = { ...mail, folder: 'sent', from: { name: '', address: me }, to: [mail.from], cc: [] };
  expect(recipients(own, me, true)).toEqual({ to: ['service@shanye.example'], cc: [] });
});

test('a quote repeats the mail as mail programs do, one level deeper', () => {
  expect(quoteText(mail, 'zh')).toMatch(
    /^在 2026年11月27日.*，山野客服 <service@shanye\.example> 写道：\n> 有 M 码。\n>\n>> 还有货吗？$/,
  );
  expect(quoteText(mail, 'en')).toMatch(/^On 27 November 2026.*, 山野客服 <service@shanye\.example> wrote:\n> 有/);
});

test('a quote in HTML holds the mail and no markup of its text', () => {
  const html = quoteHtml({ ...mail, text: '<b>&' }, 'zh');
  expect(html).toContain('山野客服 &lt;service@shanye.example&gt; 写道：');
  expect(html).toContain('<blockquote type="cite"><div>&lt;b&gt;&amp;</div></blockquote>');
  expect(quoteHtml({ ...mail, html: '<p>x</p>' }, 'zh')).toContain('<blockquote type="cite"><p>x</p></blockquote>');
});
