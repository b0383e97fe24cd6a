import { z } from 'zod';
import { secondsOf } from './fields';

const id = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((value) => /^\d{1,20}$/.test(value), 'expected an int64');

const User = z.object({
  id,
  screen_name: z.string().default(''),
  profile_image_url: z.string().default(''),
});
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const About = z.object({ id, text });

/** A comment of `comments/to_me` and `comments/mentions`. `status`: the post under it; `reply_comment`: what it answers. */
const Comment = z.object({
  id,
  created_at: z.string().default(''),
  text,
  user: User,
  status: About.nullish().catch(null),
  reply_comment: z.object({ id, user: User }).nullish().catch(null),
});
export type Comment = z.infer<typeof Comment>;

/** A post of `statuses/mentions`. */
const Status = z.object({
  id,
  created_at: z.string().default(''),
  text,
  user: User,
  retweeted_status: About.nullish().catch(null),
});
export type Status = z.infer<typeof Status>;

/** One entry of a timeline; `value` null where it cannot be read (a deleted user's, say). */
export interface Entry<T> {
  readonly id: string;
  /** Milliseconds since 1970; null where the platform's time is none. */
  readonly atMs: number | null;
  readonly value: T | null;
}

const Bare = z.object({ id, created_at: z.string().default('') });

function entriesOf<T>(list: unknown, schema: z.ZodType<T>): Entry<T>[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown): Entry<T>[] => {
    const bare = Bare.safeParse(one);
    if (!bare.success) return [];
    const seconds = secondsOf(bare.data.created_at);
    const read = schema.safeParse(one);
    return [
      {
        id: bare.data.id,
        atMs: seconds === null ? null : seconds * 1000,
        value: read.success ? read.data : null,
      },
    ];
  });
}

const listOf = (answer: unknown, name: string): unknown =>
  typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>)[name] : undefined;

export const commentsOf = (answer: unknown): Entry<Comment>[] => entriesOf(listOf(answer, 'comments'), Comment);
export const statusesOf = (answer: unknown): Entry<Status>[] => entriesOf(listOf(answer, 'statuses'), Status);
