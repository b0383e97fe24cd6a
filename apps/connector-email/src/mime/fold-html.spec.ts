import fc from 'fast-check';
import { foldHtmlQuotes } from './fold-html';
import { htmlToText } from './html-text';

const ANSWER = '<div>好的，麻烦今天发货。</div>';
const OUTLOOK_BLOCK =
  '<p class="MsoNormal"><b>发件人:</b> 客服 &lt;kf@shop.cn&gt;<br><b>发送时间:</b> 2024年1月1日 12:00<br><b>收件人:</b> 王<br><b>主题:</b> 回复: 订单</p>';

/** Each in the shape that its client sends; HERE is what the customer wrote. */
const cases: [name: string, html: string][] = [
  [
    'QQ',
    `HERE<div><!--emptysign--></div><div><includetail><div>&nbsp;</div><div style="font:Verdana normal 14px"><div style="FONT-SIZE: 12px">------------------&nbsp;原始邮件&nbsp;------------------</div><div style="background:#efefef"><div id="menu_sender"><b>发件人:</b>&nbsp;"客服"&lt;kf@shop.cn&gt;;</div><div><b>发送时间:</b>&nbsp;2024年1月1日(星期一) 中午12:00</div><div><b>收件人:</b>&nbsp;"王"</div><div><b>主题:</b>&nbsp;Re: 订单</div></div><div>&nbsp;</div>QUOTED</div></includetail></div>`,
  ],
  [
    'QQ without its element',
    `HERE<div><br></div><div><div>---原始邮件---</div><div><b>发件人:</b>"客服"</div><div>QUOTED</div></div>`,
  ],
  [
    '163',
    `<div style="line-height:1.7">HERE<p style="margin: 0;"><br></p><div style="position:relative;zoom:1"></div><div id="divNeteaseMailCard"></div><p style="margin: 0;"><br></p><p>在 2024-01-01 12:00:00，"客服" &lt;kf@shop.cn&gt; 写道：</p><blockquote id="isReplyContent" style="PADDING-LEFT: 1ex"><div>QUOTED</div></blockquote></div>`,
  ],
  [
    '163 with the line as bare text',
    `HERE<br>At 2024-01-01 12:00:00, "客服" &lt;kf@shop.cn&gt; wrote:<br> <blockquote id="isReplyContent">QUOTED</blockquote>`,
  ],
  [
    'Mail Master',
    `<div id="write-custom-write" tabindex="0">HERE</div><div class="J-reply" style="background-color:white"><br></div><div class="ntes-mailmaster-quote" style="padding-top: 1px"><div>---- 回复的原邮件 ----</div><table><tr><td>发件人</td><td>客服</td></tr></table><div>QUOTED</div></div>`,
  ],
  [
    'Foxmail',
    `HERE<div>&nbsp;</div><hr style="WIDTH: 210px; HEIGHT: 1px" color="#b5c4df" size="1" align="left"><blockquote style="margin-Top: 0px"><div>&nbsp;</div><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><div style="font-size:12px"><div><b>发件人：</b>&nbsp;<a href="mailto:kf@shop.cn">客服</a></div><div><b>发送时间：</b>&nbsp;2024-01-01&nbsp;12:00</div><div><b>收件人：</b>&nbsp;王</div><div><b>主题：</b>&nbsp;Re: 订单</div></div></div><div>QUOTED</div></blockquote>`,
  ],
  [
    'Outlook on the web',
    `<html><body><div class="elementToProof">HERE</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri"><b>发件人:</b> 客服<br><b>发送时间:</b> 2024年1月1日<br><b>收件人:</b> 王<br><b>主题:</b> 回复</font><div>&nbsp;</div></div><div>QUOTED</div></body></html>`,
  ],
  [
    'Outlook on the desktop',
    `<body lang=ZH-CN><div class=WordSection1><p class=MsoNormal>HERE<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>${OUTLOOK_BLOCK}</div></div><p class=MsoNormal>QUOTED</p></div></body>`,
  ],
  ['Outlook for Mac', `HERE<br><span id="OLK_SRC_BODY_SECTION"><div><span>From: </span> S</div>QUOTED</span>`],
  [
    'Gmail',
    `<div dir="ltr">HERE</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">客服 &lt;<a href="mailto:kf@shop.cn">kf@shop.cn</a>&gt; 于2024年1月1日周一 12:00写道：<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">QUOTED</blockquote></div>`,
  ],
  [
    'Apple',
    `<html><body style="word-wrap: break-word;">HERE<br><div><br><blockquote type="cite"><div>在 2024年1月1日，12:00，客服 &lt;kf@shop.cn&gt; 写道：</div><br class="Apple-interchange-newline"><div>QUOTED</div></blockquote></div><br></body></html>`,
  ],
  [
    'iPhone',
    `<div dir="ltr">HERE</div><div dir="ltr"><br><blockquote type="cite">在 2024年1月1日，12:00，客服 &lt;kf@shop.cn&gt; 写道：<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">QUOTED</div></blockquote>`,
  ],
  [
    'Thunderbird',
    `<p>HERE</p><div class="moz-cite-prefix">On 2024/1/1 12:00, S wrote:<br></div><blockquote type="cite" cite="mid:x@y">QUOTED</blockquote>`,
  ],
  ['Yahoo', `<div>HERE</div><div class="yahoo_quoted"><div>On Monday, S wrote:</div>QUOTED</div>`],
  [
    'a client that only writes text',
    `<div>HERE<br><br>On Mon, Jan 1, 2024 at 12:00 PM S &lt;s@x.cn&gt; wrote:<br>QUOTED</div>`,
  ],
  [
    'a client that puts all into one span',
    `<div><span>HERE<br>-----Original Message-----<br>From: S<br>QUOTED</span></div>`,
  ],
];

describe('HTML quotes of', () => {
  it.each(cases)('%s are folded, and nothing else', (_, html) => {
    const folded = foldHtmlQuotes(html.replace('HERE', ANSWER));
    const { text, quoted } = htmlToText(folded);
    expect(text.replace(/-{8}/, '').trim()).toBe('好的，麻烦今天发货。');
    expect(quoted).toContain('QUOTED');
  });

  it.each(cases)('%s stay where nothing else is said', (_, html) => {
    const alone = html.replace('HERE', '');
    expect(foldHtmlQuotes(alone)).toBe(alone);
    expect(htmlToText(foldHtmlQuotes(html.replace('HERE', '<div>发自我的 iPhone</div>'))).quoted).toBe('');
  });

  it.each(cases)('%s stay in a forwarded mail', (_, html) => {
    const whole = html.replace('HERE', ANSWER);
    expect(foldHtmlQuotes(whole, { forwarded: true })).toBe(whole);
  });
});

describe('an HTML mail', () => {
  const seen = (html: string): string => htmlToText(foldHtmlQuotes(html)).text;

  it('without quotes stays as it is', () => {
    for (const html of [
      ANSWER,
      '',
      '<blockquote>a saying</blockquote>said',
      'From: here<br>to there',
      '<table><tr><td>在 2024-01-01，我在店里写道</td></tr></table>',
    ])
      expect(foldHtmlQuotes(html)).toBe(html);
  });

  it('below its quote says what it says', () => {
    expect(seen(`<blockquote type="cite">old</blockquote><p>new</p>`)).toBe('new');
  });

  it('between the quotes keeps what it answers', () => {
    const html = `<p>Hi</p><blockquote type="cite">Which colour?</blockquote><p>Blue</p><blockquote type="cite">Which size?</blockquote><p>XL</p><blockquote type="cite">Regards</blockquote>`;
    expect(seen(html)).toContain('Which size?');
    expect(seen(html)).not.toContain('Regards');
  });

  it('that hands a mail on keeps it', () => {
    const gmail = `<div>请看</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: S<br>Date: Mon<br>Subject: x<br></div>WHOLE</div>`;
    expect(seen(gmail)).toContain('WHOLE');
    const netease = `<div>请看</div><div>-------- 转发邮件信息 --------</div><div>发件人："S"</div><div>发送日期：2024</div><div>收件人：x</div><div>WHOLE</div>`;
    expect(seen(netease)).toContain('WHOLE');
  });

  it('whose answer is an image keeps its quote folded', () => {
    expect(foldHtmlQuotes('<img src="cid:a"><div class="gmail_quote">old</div>')).toContain('data-quoted');
  });

  it('cannot fold anything by itself', () => {
    expect(seen('<div data-quoted="true">all of it</div>')).toBe('all of it');
    expect(seen('<p>a</p><div DATA-QUOTED=true>rest</div>')).toContain('rest');
  });

  const piece = fc.constantFrom(
    ...'<div>|</div>|<p>|</p>|<br>|<blockquote>|<blockquote type=cite>|</blockquote>|<table>|<tr>|<td>|</td>|</table>|<div class=gmail_quote>|<span>|</span>|<b>|</b>|<includetail>|</includetail>|<div id=divRplyFwdMsg>|a|b c|On Jan 1, 2024 x wrote:|---原始邮件---|<div>From: a<br>To: b<br>Sent: c</div>|发件人：x<br>|主题：y<br>|<img src=x>|<style>x</style>|<ul>|<li>|</ul>|<hr>|&nbsp;|<a href=x>|</a>|<body>|<script>x'.split(
      '|',
    ),
  );

  it('loses no word, however its tags lie', () => {
    const words = (text: string): string => text.replace(/[>\s\d.-]+/g, '');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const html = pieces.join('');
        const { text, quoted } = htmlToText(foldHtmlQuotes(html));
        expect([...words(text + quoted)].sort()).toEqual([...words(htmlToText(html).text)].sort());
        if (words(htmlToText(html).text) !== '' && !html.includes('<img')) expect(words(text)).not.toBe('');
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    '<div>',
    '<b>',
    '</b>',
    '<p>',
    '<blockquote type=cite>',
    '<td>',
    '<table><tr>',
    '<div class=gmail_quote>',
    'From: a<br>',
    'On 2024-1-1 ',
    '<br>',
    '<div>a',
    '<!--',
    '&',
    '&#x41;',
    '<a href=x>y</a>',
    '<b></i>',
    '<div id=divRplyFwdMsg></div>',
    '<x y="',
    '<![CDATA[',
    '<script>',
    '<svg><p>',
  ])('of a million characters %j is read in one pass', (part) => {
    const html = part.repeat(1_000_000 / part.length);
    expect(typeof htmlToText(foldHtmlQuotes(html)).text).toBe('string');
  });
});
