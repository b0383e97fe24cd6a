import { randomBytes } from 'node:crypto';

/** A body of `multipart/form-data` with one file. The platforms know its length, by the header and by the part. */
export function multipart(
  field: string,
  file: { readonly name: string; readonly mime: string; readonly bytes: Buffer },
): { contentType: string; body: Buffer } {
  const boundary = `huiliu${randomBytes(16).toString('hex')}`;
  // People see the name of a file: only what would end the header is taken out.
  const name = file.name.replace(/["\\/\p{Cc}]/gu, '_').toWellFormed();
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="${field}"; filename="${name}"; filelength=${file.bytes.length}\r\ncontent-type: ${file.mime}\r\n\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([Buffer.from(head), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}
