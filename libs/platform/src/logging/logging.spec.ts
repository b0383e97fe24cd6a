import { createLogger } from './logging';
import { loggedError, scrubLine } from './scrub';

const logged = (write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown> => {
  const lines: string[] = [];
  write(createLogger('test', { logLevel: 'trace' }, { write: (line) => void lines.push(line) }));
  return JSON.parse(lines[0]!) as Record<string, unknown>;
};

test.each([
  ['GET /ws?ticket=abc.def-123 done', 'GET /ws?ticket=… done'],
  ['{"url":"/webchat/a/ws?x=1&token=eyJh.b.c","n":1}', '{"url":"/webchat/a/ws?x=1&token=…","n":1}'],
  ['https://x/cb?signature=aa&msg_signature=bb&nonce=1', 'https://x/cb?signature=…&msg_signature=…&nonce=1'],
  ['authorization: Bearer abcdefgh.ijk', 'authorization: Bearer …'],
  ['nothing to hide', 'nothing to hide'],
])('%s', (line, clean) => expect(scrubLine(line)).toBe(clean));

test('secrets, bodies and texts are left out by name', () => {
  const line = logged((logger) =>
    logger.info(
      {
        password: 'p',
        request: { headers: { authorization: 'a' }, body: { text: 'hello' } },
        text: 't',
        message: { content: 'c' },
        id: 1,
      },
      'm',
    ),
  );
  expect(line).toMatchObject({
    password: '…',
    request: { headers: { authorization: '…' }, body: '…' },
    text: '…',
    message: { content: '…' },
    id: 1,
    service: 'test',
    level: 'info',
  });
});

test('a database error is logged without its statement, parameters and quoted values', () => {
  const error = Object.assign(new Error("ER_DUP_ENTRY: Duplicate entry '13800000000' for key 'u'"), {
    code: 'ER_DUP_ENTRY',
    errno: 1062,
    sql: "INSERT 'hi there'",
    parameters: ['hi there'],
  });
  const line = JSON.stringify(logged((logger) => logger.error({ err: error }, 'failed')));
  expect(line).toContain('ER_DUP_ENTRY');
  expect(line).not.toMatch(/13800000000|hi there/);
});

test('a parse error does not quote what was parsed, nor does its cause', () => {
  let caught: unknown;
  try {
    JSON.parse('{"phone": 13800000000x}');
  } catch (error) {
    caught = new Error('could not read', { cause: error });
  }
  const line = JSON.stringify(loggedError(caught));
  expect(line).toContain('SyntaxError');
  expect(line).not.toContain('13800000000');
});

test('what is no error is not logged as it is', () =>
  expect(JSON.stringify(loggedError({ phone: 1 }))).not.toContain('phone'));
