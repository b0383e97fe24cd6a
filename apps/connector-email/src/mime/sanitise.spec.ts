import fc from 'fast-check';
import { type DefaultTreeAdapterTypes as Tree, parse, parseFragment, serialize } from 'parse5';
import { XSS_ATTACKS } from '../testing/xss-attacks';
import { sanitiseHtml } from './sanitise';

const URL_OF_KNOWN = '/api/v1/attachments/01J0000000000000000000000K?ticket="<x>&';
const inlineUrlOf = (cid: string): string | null => (cid === 'known' ? URL_OF_KNOWN : null);
const clean = (html: string): string => sanitiseHtml(html, inlineUrlOf);

const TAGS = new Set(
  'html head body a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s samp section small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr'.split(
    ' ',
  ),
);
const ATTRIBUTES = new Set(
  'style dir lang align title href target rel src alt width height data-cid data-remote-src color face size border cellpadding cellspacing bgcolor colspan rowspan valign nowrap scope span start type value noshade data-quoted'.split(
    ' ',
  ),
);

function* elementsOf(node: Tree.Node): Iterable<Tree.Element> {
  if ('tagName' in node) yield node;
  if ('content' in node) yield* elementsOf(node.content);
  if ('childNodes' in node) for (const child of node.childNodes) yield* elementsOf(child);
}

/** What a browser would make of it: each element and attribute is one that may be, and addresses lead where they may. */
function expectHarmless(root: Tree.Node): void {
  for (const { tagName, attrs, namespaceURI } of elementsOf(root)) {
    expect(namespaceURI).toBe('http://www.w3.org/1999/xhtml');
    expect(TAGS).toContain(tagName);
    for (const { name, value } of attrs) {
      expect(ATTRIBUTES).toContain(name);
      if (name === 'href') expect(value).toMatch(/^(?:https?:\/\/|mailto:|tel:)/i);
      if (name === 'src') expect(value).toBe(URL_OF_KNOWN);
      if (name === 'data-remote-src') expect(value).toMatch(/^https?:\/\//i);
      if (name === 'target') expect(value).toBe('_blank');
      if (name === 'rel') expect(value).toBe('noopener noreferrer nofollow');
      if (name === 'data-quoted') expect(value).toBe('true');
      if (name === 'style') {
        expect(value).not.toMatch(/url|expression|[\\@{}<>]|\/\*|position|behavio|binding|-\d/i);
        expect(value).not.toMatch(/^[^"']*(?:"[^"]*"|'[^']*')*[^"']*["'][^"']*$/);
      }
    }
  }
}

/** Read as a page, as a part of one, inside other elements, with and without scripting; and read again after it was written by a browser. */
function expectHarmlessEverywhere(html: string): void {
  for (const scriptingEnabled of [true, false]) {
    const page = parse(html, { scriptingEnabled });
    expectHarmless(page);
    expectHarmless(parse(serialize(page), { scriptingEnabled }));
    for (const around of ['<div></div>', '<table><tr><td></td></tr></table>', '<p></p>']) {
      const context = [...elementsOf(parseFragment(around))].at(-1) as Tree.Element;
      const fragment = parseFragment(context, html, { scriptingEnabled });
      expectHarmless(fragment);
      expectHarmless(parseFragment(context, serialize(fragment), { scriptingEnabled }));
    }
  }
}

describe('a sanitised mail', () => {
  it.each(XSS_ATTACKS)('has nothing left of %s', (attack) => {
    const output = clean(`<div>before</div>${attack}`);
    expectHarmlessEverywhere(output);
    expect(output).toContain('before');
    expect(clean(output)).toBe(output);
  });

  const breakouts = [
    '',
    '<table>',
    '<svg>',
    '<math>',
    '<style>',
    '<!--',
    '<title>',
    '<select>',
    '"><',
    "'><",
    '</div>',
    '<p title="',
    '<noscript>',
    '<textarea>',
    '<template>',
    '\u0000',
    '<a href="',
  ];
  const token = fc.oneof(
    fc.constantFrom(...XSS_ATTACKS, ...breakouts),
    fc.constantFrom(
      ...'<div>|</div>|<td>|</td>|<tr>|<p>|</p>|<b>|</b>|-->|]]>|</style>|</svg>|</title>|&lt;|&amp;|&|<|>|"|\'|=|/|style=|onclick=|href=|x'.split(
        '|',
      ),
    ),
    fc.string({ maxLength: 12, unit: 'grapheme' }),
    fc.string({ maxLength: 12, unit: 'binary' }),
  );
  const html = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(''));

  it('is harmless whatever it was made of, and stays what it is when it is sanitised again', () => {
    fc.assert(
      fc.property(html, (given) => {
        const output = clean(given);
        expectHarmlessEverywhere(output);
        expect(clean(output)).toBe(output);
        expect(clean(given)).toBe(output);
      }),
      { numRuns: 400 },
    );
  });

  it('keeps what mails need', () => {
    const kept = [
      '<table width="600" border="0" cellpadding="0" cellspacing="0" bgcolor="#ffffff" align="center"><tbody><tr><td colspan="2" valign="top" style="padding:12px 8px;color:#333">x</td></tr></tbody></table>',
      '<p style="font-family:微软雅黑, &quot;Microsoft YaHei&quot;, sans-serif;font-size:14px;line-height:1.7">订单</p>',
      '<font color="#1f497d" face="宋体" size="2">x</font>',
      '<ul><li>one</li></ul><ol start="3"><li>two</li></ol>',
      '<div data-quoted="true">old</div>',
      '<div style="border-top:solid #b5c4df 1.0pt;padding:3.0pt 0cm 0cm 0cm">x</div>',
      '<blockquote style="margin:0 0 0 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">x</blockquote>',
    ];
    for (const one of kept) expect(clean(one)).toBe(one);
  });

  it('leads out of itself only in a window of its own, and tells nobody from where', () => {
    expect(clean('<a href="https://x.example/?a=1&amp;b=2">x</a>')).toBe(
      '<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">x</a>',
    );
    expect(clean('<a href="//x.example">x</a>')).toContain('href="https://x.example"');
    expect(clean('<a href="mailto:a@b.cn">x</a><a href="tel:+86">x</a>')).toMatch(/mailto:a@b\.cn.*tel:\+86/);
    expect(clean('<a href="/inside">x</a><a href="#top">y</a>')).toBe('<a>x</a><a>y</a>');
  });

  it('shows its own images, and waits with those of others', () => {
    expect(clean('<img src="cid:known" alt="a">')).toBe(
      `<img alt="a" src="${URL_OF_KNOWN.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')}" data-cid="known" />`,
    );
    expect(clean('<img src="CID:kn%6Fwn">')).toContain('data-cid="known"');
    expect(clean('<img src="https://x.example/a.png" width="20">')).toBe(
      '<img width="20" data-remote-src="https://x.example/a.png" />',
    );
    expect(clean('<img src="//x.example/a.png">')).toBe('<img data-remote-src="https://x.example/a.png" />');
    expect(clean('<img src="cid:unknown" alt="the seal">')).toBe('<img alt="the seal" />');
    expect(clean('<img src="data:image/png;base64,AAAA">')).toBe('<wbr />');
  });

  it('drops images that only report that it was read', () => {
    for (const pixel of [
      'width=1 height=1',
      'width="1px" height="0"',
      'style="width:1px;height:1px"',
      'style="display:none"',
    ])
      expect(clean(`a<img src="https://x.example/p" ${pixel}>b`)).toBe('a<wbr />b');
  });

  it.each([
    '<div>',
    '<b>',
    '<a href=x>',
    '<img src=x>',
    '<div style="color:red',
    ' style="a:b"',
    '<b></i>',
    '<td>',
    '<p>',
    '<script>',
    '&#x41;',
    '<!--',
    'a;b:c',
    '<font face="a,',
    '"',
    '<x ',
    '<svg>',
  ])('made of a million characters %j is read in one pass', (part) => {
    const output = clean(part.repeat(1_000_000 / part.length));
    expect(output.length).toBeLessThan(8_000_000);
  });

  it('is not slowed by a style of any length', () => {
    for (const part of [
      'a',
      'color:red;',
      'font-family:"',
      'font-family:a,',
      'margin:1px ',
      'border: ',
      '(',
      '/*',
      ' ',
    ])
      expect(clean(`<p style='${part.repeat(300_000)}'>x</p>`)).toMatch(/^<p/);
  });
});
