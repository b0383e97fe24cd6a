import type { ShownMessage } from '../platform';
import { Fan } from './fans';
import { type Person, Posts } from './posts';

const MOST_MESSAGES = 20_000;
const MOST_FILES = 500;

type Post = ReturnType<Posts['post']>;
type Comment = ReturnType<Posts['comment']>;

/** What one account's fans have said and been told: in memory, for as long as the sandbox runs. */
export class World {
  readonly posts: Posts;
  readonly ourPost: Post;
  readonly files = new Map<string, { readonly mime: string; readonly bytes: Buffer }>();
  readonly endedTokens = new Set<string>();
  readonly messages: ShownMessage[] = [];
  /** The platform refuses the same words twice in a row. */
  lastOfOurs = '';
  private readonly fans = new Map<string, Fan>();
  private readonly customers = new Map<string, Fan>();
  private lastFid = 4_000_000_000_000_000_001n + BigInt(Date.now());

  constructor(readonly us: Person) {
    this.posts = new Posts(us);
    this.ourPost = this.posts.post(us, '新品上架，欢迎大家来评论区提问。', Date.now());
  }

  fan(customer: string): Fan {
    const known = this.customers.get(customer);
    if (known !== undefined) return known;
    const fan = new Fan(customer, `粉丝${customer}`);
    this.fans.set(String(fan.uid), fan);
    this.customers.set(customer, fan);
    return fan;
  }

  fanBy(uid: string): Fan | undefined {
    return this.fans.get(uid);
  }

  /** A comment of ours that this fan's next one answers. */
  lastAnswerTo(fan: Fan, under: Post): Comment | null {
    return this.posts.ourAnswers(under).findLast(({ answers }) => answers?.by.uid === fan.uid) ?? null;
  }

  keepFile({ mime, data }: { mime: string; data: string }): bigint {
    const fid = (this.lastFid += 2n);
    this.files.set(String(fid), { mime, bytes: Buffer.from(data, 'base64') });
    if (this.files.size > MOST_FILES) this.files.delete(this.files.keys().next().value as string);
    return fid;
  }

  show(message: Omit<ShownMessage, 'at'>): void {
    this.messages.push({ ...message, at: new Date().toISOString() });
    if (this.messages.length > MOST_MESSAGES) this.messages.shift();
  }
}
