import type { ChannelDefinition } from '@huiliu/contracts';
import { AppError } from '@huiliu/platform';
import { z } from 'zod';

const compiled = new WeakMap<ChannelDefinition, z.ZodType>();

function schemaOf(definition: ChannelDefinition): z.ZodType {
  const known = compiled.get(definition);
  if (known) return known;
  const schema = z.fromJSONSchema(definition.configSchema);
  compiled.set(definition, schema);
  return schema;
}

/**
 * Checks a configuration against its channel's JSON Schema and answers it with the defaults filled in; 400 `invalid` names every
 * field that is wrong, and never its value.
 */
export function validateConfig(
  definition: ChannelDefinition,
  config: Record<string, unknown>,
): Record<string, unknown> {
  const parsed = schemaOf(definition).safeParse(config);
  if (parsed.success) return parsed.data as Record<string, unknown>;
  const details = parsed.error.issues.map((issue) => ({
    path: ['config', ...issue.path].join('.'),
    message: issue.message,
  }));
  throw new AppError(400, 'invalid', `config does not fit channel ${definition.channel}`, details);
}
