import fc from 'fast-check';
import { foldQuotes } from './fold-quotes';

const ANSWER = '好的，麻烦今天发货。\n谢谢！';
const cases: [name: string, quote: string][] = [
  [
    'QQ',
    '------------------&nbsp;原始邮件&nbsp;------------------\n发件人: "客服" <kf@shop.cn>;\n您好'.replaceAll(
      '&nbsp;',
      ' ',
    ),
  ],
  ['QQ on a telephone', '---原始邮件---\n发件人: "客服"<kf@shop.cn>\n发送时间: 2024年1月1日(周一) 中午12:00\n\n您好'],
  ['163', '在 2024-01-01 12:00:00，"客服" <kf@shop.cn> 写道：\n\n您好，\n已收到。'],
  ['163 in English', 'At 2024-01-01 12:00:00, "客服" <kf@shop.cn> wrote:\n\n>您好'],
  ['Mail Master', '---- 回复的原邮件 ----\n| 发件人 | 客服<kf@shop.cn> |\n| 日期 | 2024年01月01日 12:00 |\n您好'],
  ['Coremail', '-----原始邮件-----\n发件人:客服 <kf@shop.cn>\n发送时间:2024-01-01 12:00:00 (星期一)\n主题: Re: 订单'],
  ['Foxmail', '发件人： 客服\n发送时间： 2024-01-01 12:00\n收件人： wang@qq.com\n主题： 回复: 订单\n您好'],
  [
    'Outlook in Chinese',
    '________________________________\n发件人: 客服 <kf@shop.cn>\n发送时间: 2024年1月1日 12:00\n收件人: 王 <wang@outlook.com>\n主题: 回复: 订单\n\n您好',
  ],
  [
    'Outlook in Chinese, without a rule',
    '发件人: 客服 <kf@shop.cn> \n发送时间: 2024年1月1日 12:00\n收件人: 王 <wang@outlook.com>\n抄送: x\n主题: 回复: 订单\n\n您好',
  ],
  ['Outlook in English', '-----Original Message-----\nFrom: Support\nSent: Monday\nHello'],
  [
    'Outlook in English, new',
    'From: Support <s@shop.cn>\nSent: Monday, January 1, 2024 12:00 PM\nTo: Wang <w@x.cn>\nSubject: Re: order\n\nHello',
  ],
  ['Gmail in Chinese', '客服 <kf@shop.cn> 于2024年1月1日周一 12:00写道：\n\n> 您好\n> 已收到'],
  ['Gmail in traditional Chinese', '客服 <kf@shop.cn> 於 2024年1月1日 週一 下午12:00寫道：\n\n> 您好'],
  ['Gmail in English', 'On Mon, Jan 1, 2024 at 12:00 PM Support <kf@shop.cn> wrote:\n\n> Hello\n> there'],
  [
    'Gmail, broken over two lines',
    'On Mon, Jan 1, 2024 at 12:00 PM A Very Long Name of the Support Team\n<kf@shop.cn> wrote:\n\n> Hello',
  ],
  ['Apple in Chinese', '> 在 2024年1月1日，12:00，客服 <kf@shop.cn> 写道：\n> \n> 您好'],
  ['Apple in English', 'On 1 Jan 2024, at 12:00, Support <kf@shop.cn> wrote:\n\nHello'],
  ['Thunderbird', 'On 2024/1/1 12:00, Support wrote:\n> Hello\n>> deeper'],
  ['Japanese', '2024年1月1日(月) 12:00 Support <kf@shop.cn>:\n\n> こんにちは'],
  ['German', 'Am 01.01.2024 um 12:00 schrieb Support <kf@shop.cn>:\n> Hallo'],
];

describe('quotes of', () => {
  it.each(cases)('%s are folded', (_, quote) => {
    expect(foldQuotes(`${ANSWER}\n\n${quote}\n`)).toEqual({ text: ANSWER, quoted: quote.trimEnd() });
  });

  it.each(cases)('%s are folded with Windows line ends and a telephone’s line', (_, quote) => {
    const folded = foldQuotes(`${ANSWER}\n\n发自我的 iPhone\n\n${quote}`.replaceAll('\n', '\r\n'));
    expect(folded.text).toBe(ANSWER);
    expect(folded.quoted.startsWith('发自我的 iPhone\n')).toBe(true);
  });

  it.each(cases)('%s stay where nothing else is said', (_, quote) => {
    expect(foldQuotes(quote)).toEqual({ text: quote.trimEnd(), quoted: '' });
  });
});

describe('a text', () => {
  it('without quotes stays as it is', () => {
    for (const text of [
      ANSWER,
      '',
      'From: the beginning I liked it.\nTo: be honest',
      '在线客服写道：请发邮件',
      'a -- b',
      '我在店里写道',
    ])
      expect(foldQuotes(text)).toEqual({ text, quoted: '' });
  });

  it('that ends with a telephone’s line loses it', () => {
    for (const line of [
      '发自我的 iPhone',
      '发自我的iPhone',
      'Sent from my iPhone',
      '发自我的华为手机',
      '从 iPhone 版QQ邮箱发送',
      '获取 Outlook for iOS',
      'Get Outlook for Android',
      '发自我的小米手机',
    ])
      expect(foldQuotes(`${ANSWER}\n\n${line}`)).toEqual({ text: ANSWER, quoted: line });
    expect(foldQuotes('发自我的 iPhone')).toEqual({ text: '发自我的 iPhone', quoted: '' });
  });

  it('below its quote is what is said', () => {
    expect(foldQuotes(`On Mon, Jan 1, 2024 at 12:00 PM S <k@s.cn> wrote:\n> one\n> two\n\n${ANSWER}`)).toEqual({
      text: ANSWER,
      quoted: 'On Mon, Jan 1, 2024 at 12:00 PM S <k@s.cn> wrote:\n> one\n> two',
    });
  });

  it('between the quoted lines keeps what it answers', () => {
    const text = 'S wrote:\n> Which colour?\nBlue.\n> Which size?\nXL.\n\n> Regards';
    const folded = foldQuotes(text);
    expect(folded.text).toBe('S wrote:\n> Which colour?\nBlue.\n> Which size?\nXL.');
    expect(folded.quoted).toBe('> Regards');
  });

  it('that hands a mail on keeps it', () => {
    const gmail = `请看\n\n---------- Forwarded message ---------\nFrom: S <k@s.cn>\nDate: Mon\nSubject: x\nTo: y\n\nHello`;
    const netease =
      '请看\n\n-------- 转发邮件信息 --------\n发件人："S" <k@s.cn>\n发送日期：2024-01-01\n收件人：x\n主题：y\n您好';
    const apple = '请看\n\n开始转发的邮件：\n\n> 发件人: S\n> 您好';
    for (const text of [gmail, netease, apple]) expect(foldQuotes(text)).toEqual({ text, quoted: '' });
    const outlook = `请看\n\n发件人: S <k@s.cn>\n发送时间: 2024年1月1日\n收件人: x\n主题: y\n\n您好`;
    expect(foldQuotes(outlook, { forwarded: true })).toEqual({ text: outlook, quoted: '' });
  });

  const line = fc.oneof(
    fc.constantFrom(
      '> q',
      '>> q',
      '',
      '   ',
      '在 2024-01-01，"x" <a@b.cn> 写道：',
      '---原始邮件---',
      'On Jan 1, 2024 x wrote:',
      'From: a',
      'To: b',
      '主题: c',
      '发送时间: 2024',
      '发自我的 iPhone',
      '____________',
    ),
    fc.string({ maxLength: 20, unit: 'grapheme' }),
  );

  it('loses no line, and never is folded away whole', () => {
    const filled = (text: string): string[] =>
      text
        .split(/\r\n?|\n/)
        .map((one) => one.trimEnd())
        .filter((one) => one.trim() !== '')
        .sort();
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.boolean(), (lines, forwarded) => {
        const text = lines.join('\n');
        const folded = foldQuotes(text, { forwarded });
        expect([...filled(folded.text), ...filled(folded.quoted)].sort()).toEqual(filled(text));
        if (text.trim() !== '') expect(folded.text.trim()).not.toBe('');
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '> ',
    '在',
    'On ',
    '-',
    '_',
    'From:',
    '发件人：',
    '\n',
    '在 2024\n',
    '> \n',
    '--- \n',
    'On 1:00\n',
    'From: a\nTo: b\n',
    ' ',
    'wrote:',
    'x@',
    'sent from ',
    '<',
    '"',
  ])('of half a million characters %j is parted in one pass', (piece) => {
    const text = piece.repeat(500_000 / piece.length);
    const folded = foldQuotes(text);
    expect(folded.text.length + folded.quoted.length).toBeLessThanOrEqual(text.length);
  });
});
