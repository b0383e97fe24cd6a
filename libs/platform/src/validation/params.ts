import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiBody, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { notFound } from '../errors/app-error';
import { objectFields, openApiOf } from '../openapi/schemas';
import { parse } from './parse';

/** The request's JSON body, validated; no body at all counts as `{}`. */
export function ZodBody<T extends z.ZodType>(schema: T): ParameterDecorator {
  const value = createParamDecorator((_: unknown, context: ExecutionContext) =>
    parse(schema, requestOf(context).body ?? {}, 'body'),
  )();
  return documented(value, () => [ApiBody({ schema: openApiOf(schema, 'input') })]);
}

/** The query, validated. A parameter given twice is a list, which only a list's schema takes. */
export function ZodQuery<T extends z.ZodType>(schema: T): ParameterDecorator {
  const value = createParamDecorator((_: unknown, context: ExecutionContext) =>
    parse(schema, { ...(requestOf(context).query as object) }, 'query'),
  )();
  return documented(value, () =>
    objectFields(schema).map(({ name, required, schema: field }) => ApiQuery({ name, required, schema: field })),
  );
}

/** A parameter of the path, validated. One that cannot be right names nothing: 404. */
export function ZodParam<T extends z.ZodType>(name: string, schema: T): ParameterDecorator {
  const value = createParamDecorator((_: unknown, context: ExecutionContext): z.output<T> => {
    const result = schema.safeParse((requestOf(context).params as Record<string, unknown>)[name]);
    if (!result.success) throw notFound();
    return result.data;
  })();
  return documented(value, () => [ApiParam({ name, schema: openApiOf(schema, 'input') })]);
}

/** Says in the OpenAPI document what a route answers. */
export function ZodAnswers(schema: z.ZodType, status = 200, description = ''): MethodDecorator {
  return ApiResponse({ status, description, schema: openApiOf(schema, 'output') });
}

function requestOf(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}

/** Swagger knows nothing of parameters that we read ourselves: its decorators are applied to the method. */
function documented(value: ParameterDecorator, describe: () => MethodDecorator[]): ParameterDecorator {
  return (target, key, index) => {
    value(target, key, index);
    if (key === undefined) return;
    const descriptor = Object.getOwnPropertyDescriptor(target, key);
    if (descriptor === undefined) return;
    for (const decorator of describe()) decorator(target, key, descriptor);
  };
}
