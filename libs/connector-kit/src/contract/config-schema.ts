import { z } from 'zod';

export interface FieldTitle {
  readonly zh: string;
  readonly en: string;
  /** Kept encrypted, never shown again. */
  readonly secret?: true;
}

/** A config field with its titles; the setup form is made from them. */
export function field<T extends z.ZodType>(schema: T, title: FieldTitle): T {
  return schema.meta({
    title: title.en,
    'x-zh': title.zh,
    'x-en': title.en,
    ...(title.secret ? { 'x-secret': true } : {}),
  });
}

type JsonSchema = Record<string, unknown>;

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON Schema of a connector's config, as the `channels` topic carries it: fields that it does not name are refused. */
export function configJsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    // A misspelt secret would be kept in the clear and shown.
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === 'object' && jsonSchema.properties !== undefined)
        jsonSchema.additionalProperties ??= false;
    },
  }) as JsonSchema;
  return rest;
}

/** Dotted paths of the fields that are secret. */
export function secretPaths(schema: JsonSchema, prefix = ''): string[] {
  if (!isObject(schema.properties)) return [];
  return Object.entries(schema.properties).flatMap(([name, child]) => {
    if (!isObject(child)) return [];
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return child['x-secret'] === true ? [path] : secretPaths(child, path);
  });
}

/** A copy in which `change` has been applied to the strings at the dotted paths. */
export function mapPaths(
  config: Record<string, unknown>,
  paths: readonly string[],
  change: (value: string) => string,
): Record<string, unknown> {
  const copy = structuredClone(config);
  for (const path of paths) {
    const names = path.split('.');
    const last = names.pop() as string;
    let at: unknown = copy;
    for (const name of names) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
    if (isObject(at) && Object.hasOwn(at, last) && typeof at[last] === 'string') at[last] = change(at[last]);
  }
  return copy;
}
