import { dateOf } from './answers';

export interface Person {
  readonly uid: bigint;
  readonly name: string;
}

interface Post {
  readonly id: bigint;
  readonly by: Person;
  readonly text: string;
  readonly atMs: number;
}
type Comment = Post & { readonly under: Post; readonly answers: Comment | null };

const MOST_KEPT = 50_000;

/** What is said in public: posts, comments under them, and who is told of them. */
export class Posts {
  private readonly posts = new Map<string, Post>();
  private readonly comments = new Map<string, Comment>();
  private last: bigint;

  constructor(private readonly us: Person) {
    // Ids grow with time and lie beyond 2^53, as int64 may.
    this.last = 9_100_000_000_000_000n + BigInt(Date.now()) * 1_000n;
  }

  post(by: Person, text: string, nowMs: number): Post {
    const post = { id: this.nextId(), by, text, atMs: nowMs };
    this.posts.set(String(post.id), post);
    // The first is ours, and stays.
    const oldest = this.posts.size > MOST_KEPT ? [...this.posts.keys()][1] : undefined;
    if (oldest !== undefined) this.posts.delete(oldest);
    return post;
  }

  comment(by: Person, under: Post, text: string, nowMs: number, answers: Comment | null = null): Comment {
    const comment = { id: this.nextId(), by, text, atMs: nowMs, under, answers };
    this.comments.set(String(comment.id), comment);
    if (this.comments.size > MOST_KEPT) this.comments.delete(this.comments.keys().next().value as string);
    return comment;
  }

  findPost(id: string | null): Post | undefined {
    return this.posts.get(id ?? '');
  }

  findComment(id: string | null): Comment | undefined {
    return this.comments.get(id ?? '');
  }

  /** Comments under our posts, and answers to our comments. */
  commentsToUs(): Comment[] {
    const ours = (person: Person): boolean => person.uid === this.us.uid;
    return [...this.comments.values()].filter(
      ({ by, under, answers }) => !ours(by) && (ours(under.by) || (answers !== null && ours(answers.by))),
    );
  }

  ourAnswers(under: Post): Comment[] {
    return [...this.comments.values()].filter((one) => one.under === under && one.by.uid === this.us.uid);
  }

  commentsNamingUs(): Comment[] {
    return [...this.comments.values()].filter(({ by, text }) => by.uid !== this.us.uid && this.names(text));
  }

  postsNamingUs(): Post[] {
    return [...this.posts.values()].filter(({ by, text }) => by.uid !== this.us.uid && this.names(text));
  }

  names(text: string): boolean {
    return text.includes(`@${this.us.name}`);
  }

  private nextId(): bigint {
    return ++this.last;
  }
}

const userOf = ({ uid, name }: Person) => ({ id: uid, idstr: String(uid), screen_name: name, name });

export function shownPost({ id, by, text, atMs }: Post): Record<string, unknown> {
  return { created_at: dateOf(atMs), id, idstr: String(id), mid: String(id), text, user: userOf(by) };
}

export function shownComment({ id, by, text, atMs, under, answers }: Comment): Record<string, unknown> {
  return {
    created_at: dateOf(atMs),
    id,
    idstr: String(id),
    mid: String(id),
    text,
    user: userOf(by),
    status: shownPost(under),
    ...(answers === null ? {} : { reply_comment: { id: answers.id, text: answers.text, user: userOf(answers.by) } }),
  };
}

/** One page, newest first: above `since_id`, up to `max_id`. Null where a parameter is none. */
export function pageOf<T extends { readonly id: bigint }>(all: readonly T[], query: URLSearchParams): T[] | null {
  const number = (name: string, other: string): string | null => {
    const given = query.get(name) ?? other;
    return /^\d{1,19}$/.test(given) ? given : null;
  };
  const [since, most, count, page] = [
    number('since_id', '0'),
    number('max_id', '0'),
    number('count', '50'),
    number('page', '1'),
  ];
  if (since === null || most === null || count === null || page === null) return null;
  const size = Math.min(200, Math.max(1, Number(count)));
  const from = (Math.max(1, Number(page)) - 1) * size;
  return all
    .filter(({ id }) => id > BigInt(since) && (most === '0' || id <= BigInt(most)))
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(from, from + size);
}
