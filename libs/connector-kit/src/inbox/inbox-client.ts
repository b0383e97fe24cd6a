import { Inject, Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { Attachment, INTERNAL_TOKEN_HEADER, listOf, UPLOADER_HEADER, VisitorMessage } from '@huiliu/contracts';
import {
  AppError,
  Config,
  currentTraceparent,
  InternalAuth,
  tooLarge,
  unavailable,
  UPLOAD_LIMIT,
} from '@huiliu/platform';

const ANSWER_MS = 2_000;
const UPLOAD_MS = 60_000;

const VisitorMessages = listOf(VisitorMessage);
const ErrorAnswer = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.unknown().optional() }),
});

export interface FileUpload {
  readonly stream: Readable;
  readonly name: string;
  readonly mime: string;
}

export interface FileDownload {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: Readable;
}

const PASSED_HEADERS = [
  'content-type',
  'content-length',
  'content-disposition',
  'content-security-policy',
  'cache-control',
  'content-range',
  'accept-ranges',
  'etag',
];

/** The inbox as connectors ask it. Whatever keeps it from answering is `unavailable` (503); its own refusals come through as they are. */
@Injectable()
export class InboxClient {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(InternalAuth) private readonly auth: InternalAuth,
  ) {}

  async visitorMessages(query: {
    accountId: string;
    conversationId: string;
    after: number;
  }): Promise<z.infer<typeof VisitorMessages>> {
    const search = new URLSearchParams({
      accountId: query.accountId,
      conversationId: query.conversationId,
      after: String(query.after),
    });
    const path = `/internal/visitor/messages?${search.toString()}`;
    return VisitorMessages.parse(await this.ask(path, {}, ANSWER_MS, jsonOf));
  }

  /** Hands a file on as it comes in. `uploaderId`: for whom, an id of ours. */
  async upload(uploaderId: string, file: FileUpload): Promise<Attachment> {
    const boundary = `huiliu${randomBytes(16).toString('hex')}`;
    const cut = new AbortController();
    let broken: Error | null = null;
    const body = async function* (): AsyncGenerator<Buffer> {
      // As browsers write it.
      const name = file.name
        .toWellFormed()
        .replace(/[\r\n"]/g, (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`);
      const mime = /^[\w.+-]+\/[\w.+-]+$/.test(file.mime) ? file.mime : 'application/octet-stream';
      yield Buffer.from(
        `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: ${mime}\r\n\r\n`,
      );
      try {
        let size = 0;
        for await (const chunk of file.stream) {
          size += (chunk as Buffer).length;
          if (size > UPLOAD_LIMIT) throw tooLarge(UPLOAD_LIMIT);
          // An empty chunk would end the body where it stands.
          if ((chunk as Buffer).length > 0) yield chunk as Buffer;
        }
      } catch (error) {
        // The visitor's upload broke off or is too large: what the inbox has got of it must not look whole.
        broken = error as Error;
        cut.abort();
        throw error;
      }
      yield Buffer.from(`\r\n--${boundary}--\r\n`);
    };
    try {
      const answer = await this.ask(
        '/internal/attachments',
        {
          method: 'POST',
          headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, [UPLOADER_HEADER]: uploaderId },
          body: Readable.from(body()) as never,
          duplex: 'half',
        },
        UPLOAD_MS,
        jsonOf,
        cut.signal,
      );
      return Attachment.parse(answer);
    } catch (error) {
      const failed = broken as (Error & { code?: string }) | null;
      if (failed !== null) throw failed.code === 'FST_REQ_FILE_TOO_LARGE' ? tooLarge(UPLOAD_LIMIT) : failed;
      throw error;
    } finally {
      file.stream.resume();
    }
  }

  /** A file that the visitor of this conversation may see. */
  async download(
    id: string,
    reader: { conversationId: string; visitorId: string; range?: string },
  ): Promise<FileDownload> {
    const headers = {
      [UPLOADER_HEADER]: reader.visitorId,
      ...(reader.range === undefined ? {} : { range: reader.range }),
    };
    const response = await this.ask(
      `/internal/attachments/${encodeURIComponent(id)}?conversationId=${encodeURIComponent(reader.conversationId)}`,
      { headers },
      ANSWER_MS,
      // The time-out covers what comes before the file.
      async (found) => {
        if (!found.ok) await jsonOf(found);
        return found;
      },
    );
    const passed: Record<string, string> = {};
    for (const name of PASSED_HEADERS) {
      const value = response.headers.get(name);
      if (value !== null) passed[name] = value;
    }
    return {
      status: response.status,
      headers: passed,
      stream: response.body === null ? Readable.from([]) : Readable.fromWeb(response.body as never),
    };
  }

  /** Asks, and reads the answer with `read`, in time. */
  private async ask<T>(
    path: string,
    init: RequestInit,
    timeoutMs: number,
    read: (response: Response) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const control = new AbortController();
    const timer = setTimeout(() => control.abort(), timeoutMs);
    try {
      return await read(
        await this.fetch(path, init, signal === undefined ? control.signal : AbortSignal.any([control.signal, signal])),
      );
    } finally {
      // An import hands over hundreds of files a second: what waits for the time-out of each would stay for a minute.
      clearTimeout(timer);
    }
  }

  private async fetch(path: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
    const trace = currentTraceparent();
    try {
      return await fetch(new URL(path, this.config.inboxUrl), {
        ...init,
        redirect: 'error',
        signal,
        headers: {
          ...(init.headers as Record<string, string>),
          [INTERNAL_TOKEN_HEADER]: this.auth.token(),
          ...(trace === null ? {} : { traceparent: trace }),
        },
      });
    } catch {
      throw unavailable('the inbox does not answer', 5);
    }
  }
}

/** What the inbox answers; its refusals are thrown. */
async function jsonOf(response: Response): Promise<unknown> {
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    throw unavailable('the inbox does not answer', 5);
  }
  if (response.ok) return body;
  const known = ErrorAnswer.safeParse(body);
  // Its 401 would mean that our token is wrong, which is nothing that the visitor could mend.
  if (!known.success || response.status >= 500 || response.status === 401 || response.status === 429)
    throw unavailable('the inbox does not answer', 5);
  throw new AppError(response.status, known.data.error.code, known.data.error.message, known.data.error.details);
}
