import { AppError, badRequest, tooLarge, unsupportedMediaType, UPLOAD_LIMIT } from '@huiliu/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Upload, ReadableFile, AttachmentsService } from './attachments.service';
import { isShownInline } from './domain/magic';

/** Files are looked at alone, without scripts, whatever they hold. */
export const FILE_CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** The file of a multipart request: its field is `file`; 413 over the limit, 400 when there is none. */
export async function withUpload<T>(request: FastifyRequest, work: (upload: Upload) => Promise<T>): Promise<T> {
  if (!request.isMultipart()) throw unsupportedMediaType('expected multipart/form-data');
  try {
    // One byte more than we take: at its own limit the parser cuts a file off without a word.
    const part = await request.file({ limits: { fileSize: UPLOAD_LIMIT + 1 } });
    if (part === undefined || part.fieldname !== 'file')
      throw badRequest('invalid', 'the field `file` is missing', [{ path: 'file', message: 'required' }]);
    return await work({ stream: part.file, name: part.filename ?? '', mime: part.mimetype });
  } catch (error) {
    // What is still on its way is thrown away unread, so that the answer reaches the sender.
    request.raw.unpipe();
    request.raw.resume();
    throw multipartError(error);
  }
}

function multipartError(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'FST_REQ_FILE_TOO_LARGE') return tooLarge(UPLOAD_LIMIT);
  if (code === 'ECONNRESET') return badRequest('malformed', 'the upload broke off');
  if (code.startsWith('FST_') || /multipart|unexpected end of form|malformed/i.test(error.message))
    return badRequest('malformed', 'the multipart body is malformed');
  return error;
}

/** Sends a file, or the one range that was asked for. Only raster images are shown in place. */
export async function sendFile(
  service: AttachmentsService,
  file: ReadableFile,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  void reply
    .header('content-type', file.mime)
    .header(
      'content-disposition',
      `${isShownInline(file.mime) ? 'inline' : 'attachment'}; ${fileNameParameters(file.name)}`,
    )
    .header('content-security-policy', FILE_CSP)
    .header('cross-origin-resource-policy', 'same-site')
    .header('cache-control', 'private, max-age=3600, immutable')
    .header('accept-ranges', 'bytes');
  const range = rangeOf(request.headers.range, file.size);
  if (range === 'unsatisfiable') {
    void reply.header('content-range', `bytes */${file.size}`);
    throw new AppError(416, 'range_not_satisfiable', `the file has ${file.size} bytes`);
  }
  if (range === null) {
    await reply.header('content-length', file.size).send(service.open(file));
    return;
  }
  void reply
    .code(206)
    .header('content-range', `bytes ${range.start}-${range.end}/${file.size}`)
    .header('content-length', range.end - range.start + 1);
  await reply.send(service.open(file, range));
}

/** `filename` in ASCII for old programs, `filename*` (RFC 5987) for the rest. */
function fileNameParameters(name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

/** A single byte range; null when none (or several, or nonsense) is asked for: then the whole is sent. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start > end || start >= size ? 'unsatisfiable' : { start, end };
}
