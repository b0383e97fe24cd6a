import { eventually } from '@huiliu/testing';
import fc from 'fast-check';
import type { Socket } from 'node:net';
import { MailParts } from '../testing/mail-parts';

const SHOP = 'shop@shanye.example';

/** A bare connection, with everything that it was told. */
class Wire {
  told = '';
  closed = false;
  readonly end: Promise<unknown>;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (text: string) => (this.told += text));
    this.end = new Promise((resolve) => socket.on('close', resolve)).then(() => (this.closed = true));
  }

  static async open(parts: MailParts): Promise<Wire> {
    return new Wire(await parts.socket());
  }

  write(bytes: string | Buffer): void {
    if (!this.closed) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends a command and waits for the answer to its tag, or the end. */
  async ask(tag: string, command: string): Promise<string> {
    const from = this.told.length;
    this.write(`${tag} ${command}\r\n`);
    await eventually(
      `an answer to ${tag}`,
      () => this.closed || new RegExp(`^${tag} `, 'm').test(this.told.slice(from)),
    );
    return this.told.slice(from);
  }
}

describe('an IMAP port that anything is sent to', () => {
  let parts: MailParts;
  beforeAll(async () => {
    parts = await MailParts.start();
    for (const subject of ['one', 'two'])
      parts.store.deliver({ from: '', to: [SHOP] }, Buffer.from(`Subject: ${subject}\r\n\r\nhello\r\n`));
  });
  afterAll(() => parts.stop());

  const alive = async (): Promise<void> => {
    const wire = await Wire.open(parts);
    expect(await wire.ask('z', `LOGIN ${SHOP} secret`)).toContain('z OK');
    wire.socket.destroy();
  };

  it.each([
    ['no command', 'a', 'BAD'],
    ['no tag', '', 'BAD'],
    ['an unknown command', 'a XYZZY', 'BAD'],
    ['a name of the language', 'a constructor', 'BAD'],
    ['a command before the log-in', 'a SELECT INBOX', 'NO'],
    ['an open string', 'a LOGIN "x', 'BAD'],
    ['an open list', `a LOGIN ${'('.repeat(5)}`, 'BAD'],
    ['a deep list', `a LOGIN ${'('.repeat(500)}${')'.repeat(500)}`, 'BAD'],
    ['bytes that are no text', 'a LOGIN \0\xff\x7f', 'BAD'],
    ['a SASL method of others', 'a AUTHENTICATE GSSAPI', 'NO'],
    ['base64 that is none', 'a AUTHENTICATE PLAIN ====', 'NO'],
    ['a wrong password', `a LOGIN ${SHOP} wrong`, 'NO'],
  ])('answers %s', async (_what, line, answer) => {
    const wire = await Wire.open(parts);
    wire.write(`${line}\r\n`);
    await eventually('an answer', () => new RegExp(`^(a|\\*) ${answer} `, 'm').test(wire.told));
    expect(await wire.ask('b', 'NOOP')).toContain('b OK');
    wire.socket.destroy();
  });

  it.each([
    ['FETCH 0 FLAGS', 'BAD'],
    ['FETCH 1:99999999999 FLAGS', 'BAD'],
    [`FETCH ${'1,'.repeat(3000)}1 FLAGS`, 'BAD'],
    ['FETCH 1 BODYSTRUCTURE', 'BAD'],
    ['FETCH 1 BODY[1.2.MIME]', 'BAD'],
    ['FETCH 1', 'BAD'],
    ['FETCH 1:* (BODY.PEEK[]<4000000000.4000000000>)', 'OK'],
    ['UID FETCH 4294967295:* UID', 'OK'],
    ['SEARCH', 'BAD'],
    [`SEARCH ${'NOT '.repeat(1000)}ALL`, 'BAD'],
    ['SEARCH SINCE 99-Foo-2026', 'BAD'],
    ['SEARCH CHARSET UTF-8 TEXT {3+}\r\n\xe6\xbc\xa2', 'OK'],
    ['STORE 1 FLAGS (\\See]n)', 'BAD'],
    ['STATUS INBOX (NOTHING)', 'BAD'],
    ['LIST "" "*%*%*%*%*%*%*%*%*%*X"', 'OK'],
    ['SELECT "../../etc"', 'NO'],
  ])('answers %s when logged in', async (command, answer) => {
    const wire = await Wire.open(parts);
    await wire.ask('a', `LOGIN ${SHOP} secret`);
    await wire.ask('b', 'SELECT INBOX');
    expect(await wire.ask('c', command)).toMatch(new RegExp(`^c ${answer} `, 'm'));
    wire.socket.destroy();
  });

  it.each([
    ['a line without an end', Buffer.alloc(100_000, 'x')],
    ['a literal beyond all measure', Buffer.from('a LOGIN {4000000000}\r\n')],
    ['literal after literal', Buffer.from(`a LOGIN ${'{9000+}\r\n'.padEnd(9009, 'y').repeat(10)}`)],
    ['one bad command after the other', Buffer.from('?\r\n'.repeat(200))],
  ])('ends the connection on %s', async (_what, bytes) => {
    const wire = await Wire.open(parts);
    wire.write(bytes);
    await eventually('it ends', () => wire.closed);
    expect(wire.told).toContain('* BYE');
    await alive();
  });

  it('asks for a literal once, takes it in pieces, and commands that come together', async () => {
    const wire = await Wire.open(parts);
    wire.write(`a LOGIN {${SHOP.length}}\r\n`);
    await eventually('it asks', () => wire.told.includes('+ '));
    for (const letter of SHOP) wire.write(letter);
    wire.write(' "secret"\r\nb SELECT INBOX\r\nc FETCH 1:* UID\r\nd IDLE\r\n');
    await eventually('it idles', () => wire.told.includes('+ idling'));
    wire.write('DONE\r\ne LOGOUT\r\n');
    await eventually('it ends', () => wire.closed);
    expect(wire.told.match(/^\+ /gm)).toHaveLength(2);
    for (const tag of ['a', 'b', 'c', 'd', 'e']) expect(wire.told).toMatch(new RegExp(`^${tag} OK `, 'm'));
  });

  it('survives anything: mangled commands and noise', async () => {
    const commands = [
      `a LOGIN ${SHOP} secret`,
      'b SELECT INBOX',
      'c UID FETCH 1:* (UID FLAGS ENVELOPE BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.10>)',
      'd UID SEARCH OR (SEEN) NOT SINCE 1-Jan-2026 HEADER X "y"',
      'e STORE 1 +FLAGS.SILENT (\\Seen)',
      'f IDLE',
      'DONE',
      'g LIST "" "*"',
      'h LOGIN {5+}\r\nhello {3}\r\n',
    ];
    const mangled = fc
      .tuple(fc.constantFrom(...commands), fc.nat(200), fc.nat(8), fc.string({ unit: 'binary', maxLength: 12 }))
      .map(([text, at, cut, noise]) => text.slice(0, at % text.length) + noise + text.slice((at % text.length) + cut));
    const line = fc.oneof(fc.constantFrom(...commands), mangled, fc.string({ unit: 'binary', maxLength: 200 }));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 12 }), async (lines) => {
        const wire = await Wire.open(parts);
        wire.write(Buffer.from(`${lines.join('\r\n')}\r\n`, 'utf8'));
        wire.socket.end();
        await wire.end;
        expect(wire.told).not.toContain('went wrong here');
      }),
      { numRuns: 300 },
    );
    await alive();
  }, 60_000);

  it('holds back for a client that does not read, and goes on with others', async () => {
    const big = await MailParts.start();
    try {
      for (let i = 0; i < 20; i++) big.store.deliver({ from: '', to: [SHOP] }, Buffer.alloc(1024 * 1024, 'a'));
      const wire = await Wire.open(big);
      await wire.ask('a', `LOGIN ${SHOP} secret`);
      await wire.ask('b', 'SELECT INBOX');
      wire.socket.pause();
      wire.write(Array.from({ length: 50 }, (_, i) => `f${i} FETCH 1:* BODY.PEEK[]\r\n`).join(''));
      const client = big.client('other@else.example');
      await client.connect();
      expect(await client.mailboxOpen('INBOX')).toMatchObject({ exists: 0 });
      client.close();
      wire.socket.destroy();
    } finally {
      await big.stop();
    }
  });
});
