import { configOf, fieldOfError, fieldsOf, formValues } from './schema-form';

const email = {
  secrets: ['imap.pass'],
  configSchema: {
    type: 'object',
    required: ['address', 'imap', 'level'],
    properties: {
      address: { type: 'string', 'x-zh': '邮箱地址', 'x-en': 'Address' },
      imap: {
        type: 'object',
        'x-zh': '收信',
        'x-en': 'Incoming mail',
        required: ['host', 'port', 'pass'],
        properties: {
          host: { type: 'string', title: 'Host' },
          port: { type: 'integer', default: 993, minimum: 1, maximum: 65535 },
          secure: { type: 'boolean', default: true },
          pass: { type: 'string', 'x-zh': '密码', 'x-en': 'Password' },
        },
      },
      level: { enum: ['low', 'high'] },
      alias: { anyOf: [{ type: 'string' }, { type: 'null' }], 'x-zh': '别名' },
      allowedOrigins: { type: 'array', items: { type: 'string' }, default: [] },
    },
  },
};

describe('an account form made from a JSON Schema', () => {
  const fields = fieldsOf(email, 'zh');

  it('has one input for each property, in the order and language wanted', () => {
    expect(fields.map((f) => [f.path, f.kind, f.title])).toEqual([
      ['address', 'text', '邮箱地址'],
      ['imap.host', 'text', 'Host'],
      ['imap.port', 'number', 'port'],
      ['imap.secure', 'switch', 'secure'],
      ['imap.pass', 'secret', '密码'],
      ['level', 'select', 'level'],
      ['alias', 'text', '别名'],
      ['allowedOrigins', 'list', 'allowedOrigins'],
    ]);
    expect(fields[1]!.groups).toEqual(['收信']);
    expect(fieldsOf(email, 'en')[0]!.title).toBe('Address');
    expect(fields.filter((f) => f.required).map((f) => f.path)).toEqual(['address', 'imap.host', 'imap.pass', 'level']);
  });

  it('shows what is stored, defaults elsewhere, and no secret', () => {
    const values = formValues(fields, { address: 'a@b.c', imap: { host: 'h', port: 143, pass: 'leaked' } });
    expect(values).toMatchObject({
      address: 'a@b.c',
      'imap.host': 'h',
      'imap.port': 143,
      'imap.secure': true,
      allowedOrigins: [],
    });
    expect(values['imap.pass']).toBeUndefined();
  });

  it('sends nested values, leaves out what is empty and secrets that were not typed', () => {
    const values = {
      address: ' a@b.c ',
      'imap.host': 'h',
      'imap.port': 993,
      'imap.secure': false,
      'imap.pass': '',
      alias: '  ',
      allowedOrigins: [' https://x.y ', ''],
    };
    expect(configOf(fields, values)).toEqual({
      address: 'a@b.c',
      imap: { host: 'h', port: 993, secure: false },
      allowedOrigins: ['https://x.y'],
    });
    expect(configOf(fields, { 'imap.pass': ' s ' })).toEqual({ imap: { pass: ' s ' }, allowedOrigins: [] });
  });

  it('finds the input that a complaint is about', () => {
    expect(fieldOfError(fields, 'config.imap.host')).toBe('imap.host');
    expect(fieldOfError(fields, 'config.allowedOrigins.0')).toBe('allowedOrigins');
    expect(fieldOfError(fields, 'name')).toBeNull();
  });

  it('is not led to the prototype by a path', () => {
    expect(
      formValues(
        fieldsOf({ secrets: [], configSchema: { properties: { constructor: { type: 'string' } } } }, 'zh'),
        {},
      ),
    ).toEqual({ constructor: undefined });
  });
});
