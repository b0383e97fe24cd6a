import type { z } from 'zod';
import { badRequest } from '../errors/app-error';

/** What is wrong with one field. `path` is dotted. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

const MOST_PROBLEMS = 50;

/** The validated value, or a 400 `invalid` that lists what is wrong (never what was sent). `where`: body, query … */
export function parse<T extends z.ZodType>(schema: T, value: unknown, where = 'body'): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw badRequest('invalid', `the ${where} is not valid`, problemsOf(result.error));
}

export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues
    .slice(0, MOST_PROBLEMS)
    .map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message.slice(0, 300) }));
}
