import { deflateRawSync } from 'node:zlib';
import iconv from 'iconv-lite';
import { XSS_ATTACKS } from './xss-attacks';

/** Numbers from a seed, the same on every machine (mulberry32). */
class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let value = this.state;
    value = Math.imul(value ^ (value >>> 15), value | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(max: number): number {
    return Math.floor(this.next() * max);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

type Field = readonly [name: string, value: string | Buffer];
type Maker = (dice: Dice, id: string) => Buffer;

const CRLF = '\r\n';
const TEXT = '您好，我上周买的手机屏幕坏了，请问怎么退换货？\r\n\r\n发自我的 iPhone\r\n';
const CHARSETS = [
  'gb2312',
  'gbk',
  'gb18030',
  'big5',
  'iso-2022-jp',
  'euc-kr',
  'shift_jis',
  'utf-8',
  'utf-16',
  'us-ascii',
  'iso-8859-1',
  'x-nobody',
  'base64',
  '',
];

function ordinaryFields(id: string): Field[] {
  return [
    ['From', '"=?GB2312?B?zfXQocP3?=" <wang@example.com>'],
    ['To', 'support@shop.example'],
    ['Subject', '=?utf-8?B?6K6i5Y2V6Zeu6aKY?='],
    ['Date', 'Mon, 01 Jan 2024 12:00:00 +0800'],
    ['Message-ID', `<${id}@hostile.example>`],
    ['MIME-Version', '1.0'],
  ];
}

const lines = (fields: readonly Field[]): Buffer =>
  Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from(`${name}: `), Buffer.from(value), Buffer.from(CRLF)]));

const mail = (fields: readonly Field[], body: string | Buffer): Buffer =>
  Buffer.concat([lines(fields), Buffer.from(CRLF), Buffer.from(body)]);

const plain = (id: string, body: string | Buffer, ...more: Field[]): Buffer =>
  mail([...ordinaryFields(id), ['Content-Type', 'text/plain; charset=utf-8'], ...more], body);

const page = (id: string, html: string): Buffer =>
  mail([...ordinaryFields(id), ['Content-Type', 'text/html; charset=utf-8']], html);

const part = (type: string, body: string | Buffer, ...more: string[]): Buffer =>
  Buffer.concat([
    Buffer.from([`Content-Type: ${type}`, ...more, '', ''].join(CRLF)),
    Buffer.from(body),
    Buffer.from(CRLF),
  ]);

function multipart(id: string, kind: string, parts: readonly Buffer[], closed = true): Buffer {
  const boundary = `b_${id}`;
  const open = Buffer.from(`--${boundary}${CRLF}`);
  return mail(
    [...ordinaryFields(id), ['Content-Type', `multipart/${kind}; boundary="${boundary}"`]],
    Buffer.concat([...parts.flatMap((one) => [open, one]), Buffer.from(closed ? `--${boundary}--${CRLF}` : '')]),
  );
}

/** A zip of one file that unpacks to a hundred times its size or more. Nothing of ours unpacks it. */
function bomb(): Buffer {
  const content = deflateRawSync(Buffer.alloc(8 * 1024 * 1024));
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(content.length, 18);
  header.writeUInt32LE(8 * 1024 * 1024, 22);
  header.writeUInt16LE(1, 26);
  return Buffer.concat([header, Buffer.from('0'), content]);
}

let packed: string | undefined;
const bombText = (): string => (packed ??= bomb().toString('base64'));

const HEADERS_OF_A_MEGABYTE: readonly Maker[] = [
  (_, id) => plain(id, TEXT, ...Array.from({ length: 15_000 }, (_unused, n): Field => [`X-Junk-${n}`, 'x'.repeat(60)])),
  (_, id) => plain(id, TEXT, ['X-Long', 'x'.repeat(1_100_000)]),
  (_, id) => plain(id, TEXT, ['Subject', `=?utf-8?B?${'5L2g'.repeat(260_000)}?=`]),
  (_, id) => plain(id, TEXT, ['Subject', '=?gbk?Q?=C4=E3?= '.repeat(60_000)]),
  (_, id) => plain(id, TEXT, ['To', 'a@b.example, '.repeat(80_000)]),
  (_, id) => plain(id, TEXT, ['Cc', '"<(a,;:'.repeat(150_000)]),
  (_, id) => plain(id, TEXT, ['X-Folded', ` x${CRLF}`.repeat(250_000)]),
  (_, id) => plain(id, TEXT, ['Content-Type', `text/plain; ${'name*0*=x; '.repeat(90_000)}`]),
  (_, id) => mail([...ordinaryFields(id), ['Content-Type', `text/plain; charset="${'g'.repeat(1_000_000)}"`]], TEXT),
  (_, id) => multipart(id, 'mixed', [part('text/plain', TEXT, `X-Long: ${'x'.repeat(1_200_000)}`)]),
];

const MANY_PARTS: readonly Maker[] = [
  (_, id) =>
    multipart(
      id,
      'mixed',
      Array.from({ length: 1_000 }, (_unused, n) =>
        part(`application/pdf; name=${n}.pdf`, 'JVBERi0=', 'Content-Transfer-Encoding: base64'),
      ),
    ),
  (_, id) =>
    multipart(
      id,
      'mixed',
      Array.from({ length: 1_000 }, () => part('text/plain; charset=gbk', TEXT)),
    ),
  (_, id) =>
    multipart(
      id,
      'alternative',
      Array.from({ length: 1_000 }, () => part('text/html', '<p>x</p>')),
    ),
  (_, id) =>
    multipart(
      id,
      'mixed',
      Array.from({ length: 12_000 }, () => Buffer.from(CRLF)),
    ),
  (_, id) =>
    multipart(id, 'mixed', [
      part(
        'application/zip; name=bomb.zip',
        bombText(),
        'Content-Transfer-Encoding: base64',
        'Content-Disposition: attachment',
      ),
    ]),
  (_, id) =>
    multipart(
      id,
      'mixed',
      Array.from({ length: 300 }, (_unused, n) =>
        part(
          `image/png; name="=?gbk?B?zfU=?=${n}.png"`,
          'iVBORw0KGgo=',
          'Content-Transfer-Encoding: base64',
          `Content-ID: <same@cid>`,
        ),
      ),
      false,
    ),
];

function nested(dice: Dice, id: string): Buffer {
  const depth = 50 + dice.below(1_500);
  const open = Array.from(
    { length: depth },
    (_unused, n) =>
      `--b${n}${CRLF}Content-Type: multipart/${dice.pick(['mixed', 'alternative', 'related', 'x'])}; boundary="b${n + 1}"${CRLF}${CRLF}`,
  );
  return mail(
    [...ordinaryFields(id), ['Content-Type', 'multipart/mixed; boundary="b0"']],
    `${open.join('')}--b${depth}${CRLF}${CRLF}deep${CRLF}`,
  );
}

const THREADS: readonly Maker[] = [
  (_, id) =>
    plain(id, TEXT, ['In-Reply-To', `<${id}@hostile.example>`], ['References', `<${id}@hostile.example> `.repeat(50)]),
  (dice, id) =>
    plain(id, TEXT, [
      'References',
      Array.from({ length: 9_000 }, (_unused, n) => `<${n}.${dice.below(1_000_000)}@hostile.example>`).join(`${CRLF} `),
    ]),
  (_, id) => plain(id, TEXT, ['References', '<'.repeat(60_000)], ['In-Reply-To', `<${'i'.repeat(60_000)}@x>`]),
  (_, id) => plain(id, TEXT, ['Message-ID', `<${'m'.repeat(5_000)}@x>`], ['References', `a b c @ <> <@> <\u0000@x>`]),
];

function brokenCharset(dice: Dice, id: string): Buffer {
  const written = dice.pick(['gb18030', 'big5', 'shift_jis', 'euc-jp', 'cp949', 'utf-8', 'utf-16le']);
  const bytes = iconv.encode(TEXT.repeat(1 + dice.below(20)), written);
  const encoding = dice.pick(['8bit', 'base64', 'quoted-printable', 'binary', 'x-none', '']);
  const body = encoding === 'base64' && dice.below(2) === 0 ? bytes.toString('base64') : bytes;
  const raw = iconv.encode('订单问题', dice.pick(['gb18030', 'big5', 'utf-8']));
  return mail(
    [
      ...ordinaryFields(id).filter(([name]) => name !== 'Subject'),
      ['Subject', raw],
      ['Content-Type', `text/${dice.pick(['plain', 'html'])}; charset=${dice.pick(CHARSETS)}`],
      ['Content-Transfer-Encoding', encoding],
    ],
    body,
  );
}

function attacked(dice: Dice, id: string): Buffer {
  const attacks = Array.from({ length: 1 + dice.below(30) }, () => dice.pick(XSS_ATTACKS));
  return dice.below(2) === 0
    ? page(id, attacks.join(dice.pick(['', '<div>', '</div>', '<table><td>', '<!--', '<style>'])))
    : mail(
        [
          ['From', `"${dice.pick(XSS_ATTACKS)}" <x@y.example>`],
          ['Subject', dice.pick(XSS_ATTACKS)],
          ['Content-Type', 'text/html; charset=gbk'],
        ],
        attacks.join('\n'),
      );
}

const LONG_TEXTS: readonly Maker[] = [
  (dice, id) =>
    page(
      id,
      dice
        .pick([
          '<div>',
          '<b>',
          '<p>',
          '<table><tr><td>',
          '<blockquote type=cite>',
          '<b></i>',
          '&#x41;',
          '&',
          '<',
          '<!--',
          '<a href="',
          '<img src=x>',
          '<svg><p>',
          '<div style="color:red',
          'x',
        ])
        .repeat(60_000),
    ),
  (dice, id) =>
    plain(
      id,
      dice
        .pick(['> ', '在 ', 'On ', '发件人：\n', 'From: a\nTo: b\n', '____________\n', '\n', ' ', 'x'.repeat(1_000)])
        .repeat(dice.below(2) === 0 ? 200_000 : 2_000)
        .slice(0, 1_500_000),
    ),
  (_, id) => plain(id, 'QUJD'.repeat(400_000), ['Content-Transfer-Encoding', 'base64']),
  (_, id) => plain(id, '=\r\n'.repeat(200_000), ['Content-Transfer-Encoding', 'quoted-printable']),
  (_, id) => plain(id, `${'= '.repeat(200_000)}=E4=BD`, ['Content-Transfer-Encoding', 'quoted-printable']),
  (_, id) => plain(id, Buffer.alloc(300_000)),
  (_, id) => plain(id, '\ud800\udc00\u0000'.repeat(50_000)),
  (_, id) =>
    mail(
      [...ordinaryFields(id), ['Content-Type', 'text/plain; format=flowed; delsp=yes']],
      '>> > \r\n x \r\n'.repeat(60_000),
    ),
];

function misshapen(dice: Dice, id: string): Buffer {
  const fields = ordinaryFields(id);
  switch (dice.below(9)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return dice.bytes(2_000);
    case 2:
      return mail(
        fields.filter(() => dice.below(2) === 0),
        TEXT,
      );
    case 3:
      return mail(
        [
          ...fields,
          ...fields,
          ['From', 'second@example.com'],
          ['Content-Type', 'text/html'],
          ['Content-Type', 'text/plain'],
        ],
        '<p>x',
      );
    case 4:
      return mail(
        [
          ...fields,
          [
            'Date',
            dice.pick([
              '',
              'never',
              'Thu, 31 Feb 1900 99:99:99 +9999',
              '99999999999999999',
              'Mon, 01 Jan 275760 00:00:00 GMT',
            ]),
          ],
        ],
        TEXT,
      );
    case 5:
      return mail([...fields, ['Content-Type', 'multipart/mixed; boundary=""']], `--${CRLF}${CRLF}x`);
    case 6:
      return mail(
        [
          ...fields,
          [
            'Content-Type',
            dice.pick(['multipart/mixed', 'text', '/', ';', 'multipart/', 'message/rfc822', 'text/plain; charset']),
          ],
        ],
        `--x${CRLF}Content-Type: text/plain${CRLF}${CRLF}y${CRLF}--x--`,
      );
    case 7:
      return Buffer.from(
        mail(fields, TEXT)
          .toString('latin1')
          .replaceAll(CRLF, dice.pick(['\r', '\n', '\n\r'])),
        'latin1',
      );
    default:
      return Buffer.from(
        `\u0000${lines(fields).toString('latin1').replaceAll(': ', ':\u0000')}${CRLF}\u0000x`,
        'latin1',
      );
  }
}

function report(dice: Dice, id: string): Buffer {
  const status = dice.pick([
    'Final-Recipient: rfc822;a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n',
    '\r\n\r\n',
    'Action: \u0000\r\n',
    'Final-Recipient: \r\nDiagnostic-Code: smtp; 550 x\r\n\r\n',
  ]);
  return multipart(id, 'report; report-type=delivery-status', [
    part('text/plain', TEXT),
    part('message/delivery-status', status.repeat(1 + dice.below(3_000))),
    part('message/rfc822', plain(id, TEXT.repeat(1 + dice.below(50)))),
  ]);
}

/** A mail of the kinds above, or an ordinary one, with bytes changed or cut off anywhere. */
function damaged(dice: Dice, id: string): Buffer {
  const whole = multipart(id, dice.pick(['mixed', 'alternative', 'related']), [
    part('text/plain; charset=gb18030', iconv.encode(TEXT, 'gb18030')),
    part(
      'text/html; charset=utf-8',
      '<p>=E6=82=A8=E5=A5=BD<blockquote type=3Dcite>x</blockquote>',
      'Content-Transfer-Encoding: quoted-printable',
    ),
    part(
      "application/pdf; name*=gbk''%B7%A2%C6%B1.pdf",
      'JVBERi0xLjQK',
      'Content-Transfer-Encoding: base64',
      'Content-ID: <a@b>',
    ),
  ]);
  const bytes = Buffer.from(whole);
  for (let change = dice.below(20); change > 0; change--) bytes[dice.below(bytes.length)] = dice.below(256);
  return dice.below(2) === 0 ? bytes.subarray(0, dice.below(bytes.length)) : bytes;
}

/** How often each kind comes: the large ones are few, so that ten thousand mails are read in minutes. */
const KINDS: readonly (readonly [share: number, make: Maker])[] = [
  [2, (dice, id) => dice.pick(HEADERS_OF_A_MEGABYTE)(dice, id)],
  [2, (dice, id) => dice.pick(MANY_PARTS)(dice, id)],
  [2, nested],
  [3, (dice, id) => dice.pick(LONG_TEXTS)(dice, id)],
  [5, (dice, id) => dice.pick(THREADS)(dice, id)],
  [16, brokenCharset],
  [20, attacked],
  [15, misshapen],
  [5, report],
  [30, damaged],
];
const SHARES = KINDS.reduce((sum, [share]) => sum + share, 0);

/**
 * `count` mails that no honest client sends, always the same for a seed: headers of a megabyte, a thousand parts and more, zip bombs, references in a
 * circle and by the thousand, charsets that are not what they say, parts nested a thousand deep, script in every sink of HTML, texts without end, NULs,
 * halves of characters, fields that are missing or there twice, mails cut off at any byte.
 */
export function* hostileMails(seed: number, count: number): Iterable<Buffer> {
  for (let index = 0; index < count; index++) {
    const dice = new Dice(Math.imul(seed + 1, 0x9e3779b1) + index);
    let roll = dice.below(SHARES);
    const [, make] = KINDS.find(([share]) => (roll -= share) < 0) ?? [0, damaged];
    yield make(dice, `hostile.${seed}.${index}`);
  }
}
