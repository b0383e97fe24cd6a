import { z } from 'zod';

/** A schema as OpenAPI 3.0 writes it. */
export type OpenApiSchema = Record<string, unknown>;

/** The OpenAPI form of a zod schema; what OpenAPI cannot say (transforms, refinements) is left out. */
export function openApiOf(schema: z.ZodType, io: 'input' | 'output'): OpenApiSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io,
    unrepresentable: 'any',
  }) as OpenApiSchema;
  return rest;
}

/** The fields of an object's schema, one by one, as query parameters are documented. */
export function objectFields(schema: z.ZodType): { name: string; required: boolean; schema: OpenApiSchema }[] {
  const whole = openApiOf(schema, 'input');
  const properties = (whole['properties'] ?? {}) as Record<string, OpenApiSchema>;
  const required = (whole['required'] ?? []) as string[];
  return Object.entries(properties).map(([name, field]) => ({
    name,
    required: required.includes(name),
    schema: field,
  }));
}
