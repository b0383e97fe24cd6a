import type { ChannelDefinition } from '@huiliu/contracts';

export type FieldKind = 'text' | 'secret' | 'number' | 'switch' | 'select' | 'list';

/** One input of an account's form, made from a property of the channel's JSON Schema. */
export interface Field {
  /** Dotted path in `config`, e.g. `imap.host`. */
  readonly path: string;
  readonly kind: FieldKind;
  readonly title: string;
  readonly help: string | null;
  /** Titles of the groups it stands in, outermost first. */
  readonly groups: readonly string[];
  readonly required: boolean;
  readonly options: readonly string[];
  readonly initial: unknown;
  readonly pattern: string | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
}

export type Language = 'zh' | 'en';
type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function titleOf(schema: Schema, name: string, language: Language): string {
  return text(schema[`x-${language}`]) ?? text(schema.title) ?? text(schema['x-en']) ?? name;
}

function helpOf(schema: Schema, language: Language): string | null {
  return text(schema[`x-${language}-help`]) ?? text(schema.description);
}

/** An optional property may be written as `anyOf: [something, null]`. */
function unwrap(schema: Schema): Schema {
  const choices = (Array.isArray(schema.anyOf) ? schema.anyOf : Array.isArray(schema.oneOf) ? schema.oneOf : []).filter(
    isSchema,
  );
  const real = choices.filter((choice) => choice.type !== 'null');
  return real.length === 1 ? { ...real[0], ...schema } : schema;
}

function kindOf(schema: Schema, secret: boolean): FieldKind {
  if (secret) return 'secret';
  if (Array.isArray(schema.enum)) return 'select';
  const types: unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type];
  const type = types.find((one) => one !== 'null');
  if (type === 'boolean') return 'switch';
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'array') return 'list';
  return 'text';
}

function walk(
  schema: Schema,
  prefix: string,
  groups: readonly string[],
  secrets: ReadonlySet<string>,
  language: Language,
): Field[] {
  if (!isSchema(schema.properties)) return [];
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(schema.properties).flatMap(([name, raw]): Field[] => {
    if (!isSchema(raw)) return [];
    const property = unwrap(raw);
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (isSchema(property.properties))
      return walk(property, path, [...groups, titleOf(property, name, language)], secrets, language);
    return [
      {
        path,
        kind: kindOf(property, secrets.has(path)),
        title: titleOf(property, name, language),
        help: helpOf(property, language),
        groups,
        // What has a default may be left empty: the server fills it in.
        required: required.has(name) && property.default === undefined,
        options: Array.isArray(property.enum) ? property.enum.map(String) : [],
        initial: property.default,
        pattern: text(property.pattern),
        minimum: number(property.minimum),
        maximum: number(property.maximum),
      },
    ];
  });
}

/** The form of a channel's account, in the order of the schema. */
export function fieldsOf(definition: Pick<ChannelDefinition, 'configSchema' | 'secrets'>, language: Language): Field[] {
  return walk(definition.configSchema, '', [], new Set(definition.secrets), language);
}

/** The value at a dotted path. */
export function valueAt(config: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, name) => (isSchema(at) && Object.hasOwn(at, name) ? at[name] : undefined), config);
}

/** What the form shows: the stored config, or the schema's defaults. Secrets are never shown. */
export function formValues(fields: readonly Field[], config: unknown): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => [
      field.path,
      field.kind === 'secret'
        ? undefined
        : (valueAt(config, field.path) ?? field.initial ?? (field.kind === 'list' ? [] : undefined)),
    ]),
  );
}

/** The `config` to send. Empty optional fields and untouched secrets are left out: the server keeps a secret that is not sent. */
export function configOf(fields: readonly Field[], values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const field of fields) {
    const value = clean(field, values[field.path]);
    if (value === undefined) continue;
    const names = field.path.split('.');
    const last = names.pop()!;
    const target = names.reduce((at, name) => (at[name] ??= {}) as Record<string, unknown>, config);
    target[last] = value;
  }
  return config;
}

function clean(field: Field, value: unknown): unknown {
  if (field.kind === 'list')
    return Array.isArray(value) ? value.map((v) => String(v).trim()).filter((v) => v !== '') : [];
  if (field.kind === 'secret') return typeof value === 'string' && value !== '' ? value : undefined;
  if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim();
  return value ?? undefined;
}

/** The form's field that a complaint of the server is about: `config.imap.host` → `imap.host`; null when it is about none. */
export function fieldOfError(fields: readonly Field[], path: string): string | null {
  const inConfig = path.replace(/^body\./, '').replace(/^config\.?/, '');
  return fields.find((field) => inConfig === field.path || inConfig.startsWith(`${field.path}.`))?.path ?? null;
}
