export interface Person {
  name: string;
  address: string;
}

/** A mail as `GET /sandbox/api/mail/mails` lists it. */
export interface Mail {
  id: number;
  folder: 'inbox' | 'sent';
  thread: number;
  at: string;
  from: Person;
  to: Person[];
  cc: Person[];
  subject: string;
  text: string;
  html: string | null;
  attachments: { name: string; mime: string; size: number }[];
}

export interface Draft {
  from: Person;
  to: string[];
  cc: string[];
  subject: string;
  text: string;
  html?: string;
  answers?: number;
  attachments: string[];
}

export interface Uploaded {
  id: string;
  name: string;
  size: number;
}

export interface PortTaken {
  port: number;
  key: string;
}

const BASE = './api/mail';

/** What the server said no with. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly fields: readonly string[],
  ) {
    super(code);
  }
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`${BASE}/${path}`, init);
  const body = (await response.json()) as T & { error?: { code: string; details?: { path: string }[] } };
  if (response.ok) return body;
  throw new Refused(
    body.error?.code ?? String(response.status),
    (body.error?.details ?? []).map(({ path: at }) => at),
  );
}

export const api = {
  problems: async (): Promise<PortTaken[]> => (await ask<{ problems: PortTaken[] }>('server')).problems,
  mails: (address: string, after: number, generation: number | null) =>
    ask<{ items: Mail[]; generation: number }>(
      `mails?address=${encodeURIComponent(address)}&after=${after}${generation === null ? '' : `&generation=${generation}`}`,
    ),
  send: (draft: Draft) =>
    ask<{ id: number }>('send', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(draft),
    }),
  upload: (file: File) => {
    const form = new FormData();
    form.set('file', file);
    return ask<Uploaded>('attachments', { method: 'POST', body: form });
  },
  sourceUrl: (address: string, id: number) => `${BASE}/mails/${id}/source?address=${encodeURIComponent(address)}`,
  fileUrl: (address: string, id: number, index: number) =>
    `${BASE}/mails/${id}/attachments/${index}?address=${encodeURIComponent(address)}`,
};
