import fc from 'fast-check';
import { Envelope, EnvelopeError, isEncodingAesKey, parseJson, readXml, sameText, writeXml } from './index';

const KEY = 'kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR';

describe('texts compared in constant time', () => {
  it('are the same only when every character is', () => {
    expect(sameText('abc', 'abc')).toBe(true);
    for (const other of ['', 'ab', 'abC', 'abcd', 'abc\u0000', 'äbc']) expect(sameText(other, 'abc')).toBe(false);
  });
});

describe('the envelope', () => {
  const envelope = new Envelope(KEY, 'wx1');

  it('gives back what was sealed, of any length and content', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const opened = envelope.open(envelope.seal(Buffer.from(bytes)));
        expect([opened.message.equals(Buffer.from(bytes)), opened.id]).toEqual([true, 'wx1']);
      }),
    );
  });

  it('opens only what is whole, under the same key and for the same receiver', () => {
    const sealed = envelope.seal('hello');
    const bytes = Buffer.from(sealed, 'base64');
    const cut = bytes.subarray(0, bytes.length - 16).toString('base64');
    const others = ['', 'x', '!!', cut, bytes.subarray(1).toString('base64'), `${sealed}AAAA`];
    for (const other of others) expect(() => envelope.open(other)).toThrow(EnvelopeError);
    expect(() => new Envelope(KEY, 'wx2').open(sealed)).toThrow(EnvelopeError);
    expect(() => new Envelope(`A${KEY.slice(1)}`, 'wx1').open(sealed)).toThrow(EnvelopeError);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 200 }), (noise) => {
        expect(() => envelope.open(Buffer.from(noise).toString('base64'))).toThrow(EnvelopeError);
      }),
    );
  });

  it('refuses keys that are none', () => {
    expect(isEncodingAesKey(KEY)).toBe(true);
    for (const bad of ['', KEY.slice(1), `${KEY}=`, `${KEY.slice(0, -1)}!`]) {
      expect(isEncodingAesKey(bad)).toBe(false);
      expect(() => new Envelope(bad, 'id')).toThrow(TypeError);
    }
  });
});

describe('XML', () => {
  it('keeps every value a text: long ids, leading zeros, what looks like a number', () => {
    const xml =
      '<xml><MsgId>9223372036854775807</MsgId><a>007</a><b>1e3</b><c>0x1F</c><d>true</d><e></e><f/><g> 1 </g></xml>';
    expect({ ...readXml(xml) }).toEqual({
      MsgId: '9223372036854775807',
      a: '007',
      b: '1e3',
      c: '0x1F',
      d: 'true',
      e: '',
      f: '',
      g: ' 1 ',
    });
  });

  it('takes CDATA verbatim and reads entities outside of it only', () => {
    const xml = `<?xml version="1.0"?>
      <xml>
        <a><![CDATA[ <b>&lt;&amp;<!DOCTYPE x> ]]></a>
        <b>&lt;&amp;&#20320;&#x597d;&unknown;</b>
        <c>x<![CDATA[y]]]]><![CDATA[>]]>z</c>
        <d><e>1</e><e>2</e></d>
      </xml>`;
    expect(JSON.parse(JSON.stringify(readXml(xml)))).toEqual({
      a: ' <b>&lt;&amp;<!DOCTYPE x> ',
      b: '<&你好&unknown;',
      c: 'xy]]>z',
      d: { e: ['1', '2'] },
    });
  });

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['JSON', '{"a":1}'],
    ['what was cut off', '<xml><a>1</a>'],
    ['CDATA without an end', '<xml><a><![CDATA[1</a></xml>'],
    ['elements that cross', '<xml><a><b></a></b></xml>'],
    ['two roots', '<xml/><xml/>'],
    ['a document type', '<!DOCTYPE xml [<!ENTITY a "b">]><xml><a>&a;</a></xml>'],
    ['an outside entity', '<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><a>1</a></xml>'],
    ['a comment', '<xml><!-- x --><a>1</a></xml>'],
    ['an instruction', '<xml><?php x ?><a>1</a></xml>'],
    ['text beside elements', '<xml><a>1</a>x</xml>'],
    ['a root that is text', '<xml>hello</xml>'],
    ['too many levels', `${'<a>'.repeat(11)}${'</a>'.repeat(11)}`],
    ['thousands of levels', `${'<a>'.repeat(20_000)}${'</a>'.repeat(20_000)}`],
    ['too much', `<xml><a>${'x'.repeat(1024 * 1024)}</a></xml>`],
    ['names that would change objects', '<xml><__proto__><x>1</x></__proto__></xml>'],
  ])('refuses %s', (_what, xml) => {
    expect(() => readXml(xml)).toThrow();
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        fc.pre(!text.includes('\r'));
        const read = readXml(writeXml({ Content: text, n: 7, deep: { list: ['a', text] } }));
        expect(JSON.parse(JSON.stringify(read))).toEqual({ Content: text, n: '7', deep: { list: ['a', text] } });
      }),
      { examples: [[']]>'], ['<![CDATA[x]]>'], [']]'], ['>'], ['&amp;'], ['  '], ['']] },
    );
  });
});

describe('JSON', () => {
  it('keeps whole numbers beyond 2^53 as texts and everything else as it is', () => {
    expect(
      parseJson(
        '{"id":9223372036854775807,"n":-9007199254740993,"ok":9007199254740991,"f":1.5,"e":12345678901234567e3,"s":"9223372036854775807 \\" 9223372036854775808","l":[18446744073709551615,0]}',
      ),
    ).toEqual({
      id: '9223372036854775807',
      n: '-9007199254740993',
      ok: 9007199254740991,
      f: 1.5,
      e: 12345678901234567e3,
      s: '9223372036854775807 " 9223372036854775808',
      l: ['18446744073709551615', 0],
    });
  });

  it('answers what JSON.parse answers wherever no digit would be lost', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!/\d{16}/.test(text));
        expect(parseJson(text, { maxDepth: 1000 })).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    '',
    '{',
    '{"a":1',
    '"',
    '"\\',
    '{"a":01}',
    '-',
    '00000000000000000000',
    `${'['.repeat(21)}${']'.repeat(21)}`,
  ])('refuses %s', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('refuses thousands of levels and more than a megabyte', () => {
    expect(() => parseJson('['.repeat(500_000))).toThrow(SyntaxError);
    expect(() => parseJson(`"${'x'.repeat(1024 * 1024)}"`)).toThrow(SyntaxError);
  });
});
