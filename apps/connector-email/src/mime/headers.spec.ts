import fc from 'fast-check';
import iconv from 'iconv-lite';
import { parseAddresses } from './addresses';
import { decodeBytes } from './charsets';
import { decodeWords } from './encoded-words';
import { boundHeader, fieldsOf, readRaw } from './header-fields';
import { fileNameOf, parseParameterised } from './parameters';
import { boundChain, messageIdsIn } from './references';

const latin = (bytes: Buffer): string => bytes.toString('latin1');
const gbk = (text: string): Buffer => iconv.encode(text, 'gb18030');
const b64 = (charset: string, bytes: Buffer): string => `=?${charset}?B?${bytes.toString('base64')}?=`;

const CHINESE = '您好，我上周买的手机屏幕坏了，请问怎么退换货？谢谢！';
const TRADITIONAL = '您好，我上週買的手機螢幕壞了，請問怎麼退換貨？謝謝！';

describe('bytes of a text', () => {
  it.each([
    ['gb2312', 'gb18030', CHINESE],
    ['GBK', 'gb18030', `${CHINESE}镕喆`],
    ['gb18030', 'gb18030', `${CHINESE}㐀𠀀😀`],
    ['x-gbk', 'gb18030', CHINESE],
    ['cp936', 'gb18030', CHINESE],
    ['big5', 'big5', TRADITIONAL],
    ['BIG5-HKSCS', 'big5', TRADITIONAL],
    ['shift_jis', 'shift_jis', '注文した商品がまだ届きません。'],
    ['euc-jp', 'euc-jp', '注文した商品がまだ届きません。'],
    ['euc-kr', 'cp949', '주문한 상품이 아직 도착하지 않았습니다. 똠방'],
    ['ks_c_5601-1987', 'cp949', '주문한 상품이 아직'],
    ['iso-8859-1', 'windows-1252', 'Où est ma commande à 20 € ? Déjà payée.'],
    ['windows-1251', 'windows-1251', 'Где мой заказ?'],
    ['koi8-r', 'koi8-r', 'Где мой заказ?'],
    ['utf-16le', 'utf-16le', CHINESE],
    ['utf-8', 'utf-8', CHINESE],
  ])('labelled %s are read as %s', (label, charset, text) => {
    expect(decodeBytes(iconv.encode(text, charset), label).text).toBe(text);
  });

  it('in ISO-2022-JP are read with and without their label', () => {
    const bytes = Buffer.concat([Buffer.from('1b2442467c4b5c386c1b2842', 'hex'), Buffer.from(' ok')]);
    expect(decodeBytes(bytes, 'iso-2022-jp').text).toBe('日本語 ok');
    expect(decodeBytes(bytes, null).text).toBe('日本語 ok');
  });

  it.each([
    ['GBK that says US-ASCII', gbk(CHINESE), 'us-ascii', CHINESE],
    ['GBK that says ISO-8859-1', gbk(CHINESE), 'iso-8859-1', CHINESE],
    ['GBK that says UTF-8', gbk(CHINESE), 'utf-8', CHINESE],
    ['GBK that says nothing', gbk(CHINESE), null, CHINESE],
    ['GBK under a name that nobody knows', gbk(CHINESE), 'x-unknown', CHINESE],
    ['UTF-8 that says GB2312', Buffer.from(CHINESE), 'gb2312', CHINESE],
    ['UTF-8 that says Big5', Buffer.from(TRADITIONAL), 'big5', TRADITIONAL],
    ['UTF-8 that says ISO-8859-1', Buffer.from(CHINESE), 'iso-8859-1', CHINESE],
    ['Big5 that says nothing', iconv.encode(TRADITIONAL, 'big5'), null, TRADITIONAL],
    ['Big5 that says UTF-8', iconv.encode(TRADITIONAL, 'big5'), 'utf-8', TRADITIONAL],
    ['GB18030 of more than two bytes that says GB2312', gbk('李喆㐀先生的订单'), 'gb2312', '李喆㐀先生的订单'],
    ['a byte-order mark', Buffer.from(`\ufeff${CHINESE}`), 'utf-8', CHINESE],
  ])('%s are read', (_, bytes, label, text) => {
    expect(decodeBytes(bytes, label).text).toBe(text);
  });

  it('that are short and GBK stay GBK, although they are valid UTF-8 by accident', () => {
    // 0xC4 0xA3: ģ in UTF-8, 模 in GBK.
    expect(decodeBytes(gbk('模'), 'gbk').text).toBe('模');
  });

  it('that were cut inside a letter are read up to there', () => {
    expect(decodeBytes(Buffer.from(CHINESE).subarray(0, -1), 'utf-8').text.slice(0, -1)).toBe(CHINESE.slice(0, -1));
    expect(decodeBytes(gbk(CHINESE).subarray(0, -1), 'gbk').text.slice(0, -1)).toBe(CHINESE.slice(0, -1));
  });

  it('under names of things that are no charsets are not decoded by those', () => {
    for (const label of ['base64', 'hex', 'binary', 'internal', '__proto__', 'constructor'])
      expect(decodeBytes(Buffer.from('abc'), label).text).toBe('abc');
  });

  it('never make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.option(fc.string()), (bytes, label) => {
        expect(typeof decodeBytes(Buffer.from(bytes), label).text).toBe('string');
      }),
    );
  });
});

describe('encoded words', () => {
  it('are read in either encoding', () => {
    expect(decodeWords(`=?utf-8?B?${Buffer.from('退货').toString('base64')}?= now`)).toBe('退货 now');
    expect(decodeWords('=?gb2312?Q?=CD=CB=BB=F5_?=')).toBe('退货 ');
    expect(decodeWords('=?utf-8*zh-CN?q?=E9=80=80?=')).toBe('退');
  });

  it('that were cut inside a letter are joined before they are read', () => {
    const bytes = gbk(CHINESE);
    const words = [
      b64('GB2312', bytes.subarray(0, 7)),
      b64('gb2312', bytes.subarray(7, 12)),
      b64('GB2312', bytes.subarray(12)),
    ];
    for (const between of [' ', '\r\n ', '', '\t']) expect(decodeWords(words.join(between))).toBe(CHINESE);
  });

  it('that are one run of base64 cut anywhere are joined', () => {
    const run = Buffer.from(CHINESE).toString('base64');
    expect(decodeWords(`=?UTF-8?B?${run.slice(0, 30)}?= =?UTF-8?B?${run.slice(30)}?=`)).toBe(CHINESE);
  });

  it('of ISO-2022-JP shift in and out in each word', () => {
    const word = '=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=';
    expect(decodeWords(`${word} ${word}`)).toBe('日本語日本語');
  });

  it('without an end, with blanks inside, inside quotes are read', () => {
    expect(decodeWords('=?UTF-8?B?6YCA6LSn')).toBe('退货');
    expect(decodeWords('=?UTF-8?B?6YCA 6LSn?=')).toBe('退货');
    expect(decodeWords('"=?UTF-8?B?6YCA6LSn?="')).toBe('"退货"');
    expect(decodeWords('Re:=?UTF-8?B?6YCA6LSn?=ok')).toBe('Re:退货ok');
  });

  it('round-trip any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (text, size) => {
          const bytes = Buffer.from(text);
          const words = [];
          for (let at = 0; at < bytes.length; at += size) words.push(b64('utf-8', bytes.subarray(at, at + size)));
          expect(decodeWords(words.join(' '))).toBe(text.replace(/^\ufeff/, ''));
        },
      ),
    );
  });
});

describe('raw bytes in a header', () => {
  it('are read as UTF-8, or as what the mail is written in, or as GBK', () => {
    expect(readRaw(latin(Buffer.from('退货申请')), null)).toBe('退货申请');
    expect(readRaw(latin(gbk('退货申请')), null)).toBe('退货申请');
    expect(readRaw(latin(iconv.encode('退貨申請', 'big5')), 'big5')).toBe('退貨申請');
  });
});

describe('parameters', () => {
  const name = (value: string): string | undefined =>
    parseParameterised(value).params.get('name') ?? parseParameterised(value).params.get('filename');

  it.each([
    ['quoted', 'application/pdf; name="a; b.pdf"', 'a; b.pdf'],
    ['bare with blanks', 'application/pdf; name=a b.pdf; x=1', 'a b.pdf'],
    ['escaped', 'a/b; name="say \\"hi\\".txt"', 'say "hi".txt'],
    ['a Windows path', 'a/b; name="C:\\Users\\x.txt"', 'C:\\Users\\x.txt'],
    ['encoded words in quotes', `a/b; name="${b64('GBK', gbk('发票.pdf'))}"`, '发票.pdf'],
    ['encoded words without quotes', `a/b; name=${b64('utf-8', Buffer.from('发票.pdf'))}`, '发票.pdf'],
    ['RFC 2231', "attachment; filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf", '发票.pdf'],
    ['RFC 2231 in GB2312', "attachment; filename*=gb2312''%B7%A2%C6%B1.pdf", '发票.pdf'],
    ['RFC 2231 in pieces', "a/b; name*0*=UTF-8''%E5%8F%91; name*1*=%E7%A5%A8; name*2=.pdf", '发票.pdf'],
    ['pieces in another order', "a/b; name*1*=%A8.pdf; name*0*=UTF-8''%E5%8F%91%E7%A5", '发票.pdf'],
    ['an encoded word cut into pieces', 'a/b; name*0="=?UTF-8?B?5Y+R56"; name*1="WoLnBkZg==?="', '发票.pdf'],
    ['both forms', `a/b; name="=?x?="; name*=utf-8''%E5%8F%91.pdf`, '发.pdf'],
    ['without an end', 'a/b; name="发票.pdf', '发票.pdf'],
    ['blanks around', 'a/b ; name = "x.pdf" ;', 'x.pdf'],
  ])('%s', (_, value, expected) => {
    expect(name(value)).toBe(expected);
  });

  it('of a name in raw GBK, whose second bytes may be backslashes', () => {
    // 0x5C is the second byte of both letters.
    const raw = latin(Buffer.concat([Buffer.from('attachment; filename="'), gbk('誠乗.pdf'), Buffer.from('"')]));
    expect(name(readRaw(raw, 'gb18030'))).toBe('誠乗.pdf');
  });

  it('file names are one line, without paths and format characters, at most 255 long with their extension', () => {
    expect(fileNameOf('../../etc/passwd')).toBe('passwd');
    expect(fileNameOf('C:\\tmp\\发票.pdf')).toBe('发票.pdf');
    expect(fileNameOf('exe\u202efdp.exe')).toBe('exefdp.exe');
    expect(fileNameOf('a\r\nb\u0000.txt')).toBe('a b .txt');
    expect(fileNameOf(`${'长'.repeat(400)}.pdf`)).toMatch(/^长{251}\.pdf$/);
    expect(fileNameOf('..')).toBeNull();
    expect(fileNameOf(' \u0000 ')).toBeNull();
  });
});

describe('addresses', () => {
  it.each([
    ['张三 <zhang@qq.com>', [['张三', 'zhang@qq.com']]],
    [`${b64('GB2312', gbk('张三'))} <zhang@qq.com>`, [['张三', 'zhang@qq.com']]],
    [`"${b64('gbk', gbk('张三'))}"<zhang@qq.com>`, [['张三', 'zhang@qq.com']]],
    [
      `${b64('utf-8', Buffer.from('李四, 经理'))} <li@x.cn>, b@x.cn`,
      [
        ['李四, 经理', 'li@x.cn'],
        ['', 'b@x.cn'],
      ],
    ],
    ['"a@b.com" <a@b.com>', [['', 'a@b.com']]],
    ['<a@b.com>', [['', 'a@b.com']]],
    ['a@b.com (Ann)', [['Ann', 'a@b.com']]],
    [
      'a@b.com; c@d.com',
      [
        ['', 'a@b.com'],
        ['', 'c@d.com'],
      ],
    ],
    [
      'Team: a@b.com, B <b@b.com>;',
      [
        ['', 'a@b.com'],
        ['B', 'b@b.com'],
      ],
    ],
    ['undisclosed-recipients:;', []],
    ['no address', [['no address', '']]],
    ['"x\r\nBcc: evil@x.com" <a@b.com>', [['x Bcc: evil@x.com', 'a@b.com']]],
  ])('%s', (text, expected) => {
    expect(parseAddresses(text, 10).map(({ name, address }) => [name, address])).toEqual(expected);
  });

  it('are not made of what a name says', () => {
    const name = b64('utf-8', Buffer.from('victim@bank.com'));
    expect(parseAddresses(`${name} <a@evil.com>`, 10)).toEqual([{ name: 'victim@bank.com', address: 'a@evil.com' }]);
    expect(parseAddresses(name, 10)[0]?.address).toBe('');
  });
});

describe('ids of mails', () => {
  it('are verbatim, in order, once', () => {
    expect(messageIdsIn('<a@x>\r\n <B@x> <a@x><c@x>')).toEqual(['<a@x>', '<B@x>', '<c@x>']);
    expect(messageIdsIn('a@x b@x')).toEqual(['<a@x>', '<b@x>']);
    expect(messageIdsIn('Your message of Monday <a@x>')).toEqual(['<a@x>']);
    expect(messageIdsIn('=?utf-8?q?=3Ca=40x=3E?=')).toEqual(['<a@x>']);
    expect(messageIdsIn('nothing')).toEqual([]);
  });

  it('that are too long to store get a name that is always the same', () => {
    const [long] = messageIdsIn(`<${'a'.repeat(2000)}@x>`);
    expect(long).toMatch(/^<[0-9a-f]{64}@long-id\.invalid>$/);
    expect(messageIdsIn(`<${'a'.repeat(2000)}@x>`)).toEqual([long]);
  });

  it('of a long chain are its first and its last ones', () => {
    const ids = Array.from({ length: 1000 }, (_, n) => `<${n}@x>`);
    expect(boundChain(ids, 4)).toEqual(['<0@x>', '<997@x>', '<998@x>', '<999@x>']);
    expect(boundChain(ids, 1)).toEqual(['<0@x>']);
    expect(boundChain(['<0@x>'], 4)).toEqual(['<0@x>']);
  });
});

describe('a header of a megabyte', () => {
  const huge = (field: string): Buffer => Buffer.from(`Subject: hi\r\n${field}\r\nMessage-ID: <a@x>\r\n\r\nbody`);
  const read = (source: Buffer): Record<string, string> =>
    Object.fromEntries(fieldsOf(boundHeader(source, 65_536 * 4).header).map(({ name, value }) => [name, value]));

  it('loses what nobody reads', () => {
    const source = huge(Array.from({ length: 20_000 }, (_, n) => `X-Junk-${n}: ${'x'.repeat(60)}`).join('\r\n'));
    const { header, body, cut } = boundHeader(source, 65_536 * 4);
    expect(header.length).toBeLessThanOrEqual(65_536 * 4);
    expect(cut).toBe(true);
    expect(body.toString()).toBe('body');
    expect(read(source)).toMatchObject({ subject: 'hi', 'message-id': '<a@x>' });
  });

  it('keeps the first and the last references', () => {
    const ids = Array.from({ length: 40_000 }, (_, n) => `<${n}.${'r'.repeat(20)}@x>`);
    const given = new Set(ids);
    const references = messageIdsIn(read(huge(`References: ${ids.join('\r\n ')}`)).references ?? '');
    expect(references[0]).toBe(ids[0]);
    expect(references.at(-1)).toBe(ids.at(-1));
    expect(references.every((id) => given.has(id))).toBe(true);
  });

  it('of one line is cut', () => {
    expect(read(huge(`X-A: ${'a'.repeat(1_100_000)}`))).toMatchObject({ subject: 'hi', 'message-id': '<a@x>' });
  });
});
