import type { Identity, Session, VisitorMessage } from './types';

/** What went wrong with a request: `status` 0 when there was no answer. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }
}

/** HTTP to the account's visitor surface. */
export class Transport {
  session: Session | null = null;

  constructor(
    private readonly base: string,
    private readonly identity: Identity | undefined,
  ) {}

  async open(token: string | undefined): Promise<Session> {
    const body = {
      ...(token === undefined ? {} : { token }),
      ...(this.identity === undefined ? {} : { identity: this.identity }),
    };
    this.session = (await this.request('POST', '/session', JSON.stringify(body), false)) as Session;
    return this.session;
  }

  async post(clientId: string, content: unknown): Promise<void> {
    await this.request('POST', '/messages', JSON.stringify({ clientId, content }));
  }

  async upload(file: File): Promise<{ id: string; name: string; mime: string }> {
    const form = new FormData();
    form.append('file', file, file.name);
    return (await this.request('POST', '/attachments', form)) as { id: string; name: string; mime: string };
  }

  /** Every message after `seq`, page by page. */
  async history(after: number): Promise<VisitorMessage[]> {
    const all: VisitorMessage[] = [];
    for (let from = after; ;) {
      const page = (await this.request('GET', `/messages?after=${from}`)) as {
        items: VisitorMessage[];
        nextCursor: string | null;
      };
      all.push(...page.items);
      const last = page.items[page.items.length - 1];
      if (page.nextCursor === null || last === undefined) return all;
      from = last.seq;
    }
  }

  socketUrl(): string {
    return `${this.base.replace(/^http/, 'ws')}/ws?token=${encodeURIComponent(this.session?.token ?? '')}`;
  }

  fileUrl(id: string): string {
    return `${this.base}/attachments/${id}?token=${encodeURIComponent(this.session?.token ?? '')}`;
  }

  private async request(method: string, path: string, body?: string | FormData, authorised = true): Promise<unknown> {
    const headers: Record<string, string> = {};
    if (typeof body === 'string') headers['content-type'] = 'application/json';
    if (authorised) headers['authorization'] = `Bearer ${this.session?.token ?? ''}`;
    let response: Response;
    try {
      response = await fetch(this.base + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        credentials: 'omit',
      });
    } catch {
      throw new RequestError(0, 'no connection', 0);
    }
    if (response.ok) return response.json();
    const answer = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
    throw new RequestError(
      response.status,
      answer?.error?.message ?? response.statusText,
      Number(response.headers.get('retry-after') ?? 0) * 1000,
    );
  }
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;

/** Waits longer after each failure, with some chance in it so that all visitors do not come back at once. */
export function waitBefore(attempt: number): number {
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  return ceiling / 2 + Math.random() * (ceiling / 2);
}
