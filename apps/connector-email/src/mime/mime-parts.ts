import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Splitter, type MessageChunk, type MimeNode } from '@zone-eu/mailsplit';
import { type RawField, readRaw } from './header-fields';
import type { MailLimits } from './limits';
import { charsetLabel, fileNameOf, type Parameterised, parseParameterised } from './parameters';
import { decodeTransfer } from './transfer';

/** One node of a mail's tree. A multipart has children, anything else has content. */
export interface Part {
  /** Lower-case `type/subtype`; `text/plain` where the mail says nothing. */
  readonly type: string;
  readonly contentType: Parameterised;
  /** `inline`, `attachment`, or empty where the mail says nothing. */
  readonly disposition: string;
  readonly encoding: string;
  readonly charset: string | null;
  readonly fileName: string | null;
  /** Without its angle brackets. */
  readonly cid: string | null;
  readonly children: Part[];
  /** The content as it was sent, transfer-encoded; of a multipart, what stands before its first part. */
  readonly raw: Buffer[];
  readonly depth: number;
}

export interface PartTree {
  readonly root: Part;
  /** Names (or types) of the parts whose content was not kept. */
  readonly dropped: string[];
  /** How many there are. */
  readonly droppedCount: number;
  /** Why reading stopped before the end of the mail; null when it did not. */
  readonly stopped: string | null;
}

/** How many dropped parts are named. */
const NAMED = 20;
/** Bytes that are kept of what stands before the first part of a multipart. */
const PREAMBLE = 512 * 1024;

const isMultipart = (type: string): boolean => type.startsWith('multipart/');

/** What a part's header says about it. */
export function describePart(fields: readonly RawField[], depth: number, hint: string | null): Part {
  const read = (name: string): string => {
    const field = fields.find((one) => one.name === name);
    return field === undefined ? '' : readRaw(field.value, hint);
  };
  const contentType = parseParameterised(read('content-type'), hint);
  const disposition = parseParameterised(read('content-disposition'), hint);
  const names = [disposition.params.get('filename'), contentType.params.get('name')].map(fileNameOf);
  const cid = read('content-id')
    .replace(/^[\s<]+|[\s>]+$/g, '')
    .slice(0, 255);
  return {
    type: /^[\w.+!#$&^-]+\/[\w.+!#$&^-]+$/.test(contentType.value) ? contentType.value.slice(0, 127) : 'text/plain',
    contentType,
    disposition: disposition.value === '' || disposition.value === 'inline' ? disposition.value : 'attachment',
    encoding: read('content-transfer-encoding')
      .replace(/\(.*$/, '')
      .toLowerCase()
      .replace(/[^a-z0-9-]/g, ''),
    charset: charsetLabel(contentType),
    fileName:
      names.find((name) => name !== null && !name.includes('\ufffd')) ?? names.find((name) => name !== null) ?? null,
    cid: cid === '' ? null : cid,
    children: [],
    raw: [],
    depth,
  };
}

/** Walks a mail's parts as they come and keeps what the limits let it keep. */
class PartCollector {
  root: Part | null = null;
  readonly dropped: string[] = [];
  droppedCount = 0;
  private readonly parts = new Map<MimeNode, Part>();
  private readonly muted = new Set<MimeNode>();
  private readonly preamble = new Map<MimeNode, number>();
  private kept = 0;

  constructor(
    private readonly limits: MailLimits,
    private readonly hint: string | null,
  ) {}

  take(chunk: MimeNode | MessageChunk): void {
    if (chunk.type === 'node') return this.open(chunk);
    const part = this.parts.get(chunk.node);
    if (part === undefined || this.muted.has(chunk.node) || chunk.value === undefined) return;
    if (chunk.type === 'body') part.raw.push(chunk.value);
    else if (part.children.length === 0) this.keepPreamble(chunk.node, part, chunk.value);
  }

  private open(node: MimeNode): void {
    const parent = node.parentNode === false ? undefined : this.parts.get(node.parentNode);
    const fields = node.headers === false ? [] : node.headers.getList().map(toField);
    const part = describePart(fields, parent === undefined ? 0 : parent.depth + 1, this.hint);
    this.root ??= part;
    // A part of a part that was too deep is too deep.
    if (part.depth > this.limits.depth || (parent === undefined && part !== this.root)) return this.drop(node, part);
    this.parts.set(node, part);
    if (parent !== undefined) parent.children.push(part);
    if (isMultipart(part.type)) return;
    if (this.kept >= this.limits.parts) return this.drop(node, part, parent);
    this.kept++;
  }

  private drop(node: MimeNode, part: Part, parent?: Part): void {
    parent?.children.pop();
    this.muted.add(node);
    this.droppedCount++;
    if (this.dropped.length < NAMED) this.dropped.push(part.fileName ?? part.type);
  }

  private keepPreamble(node: MimeNode, part: Part, value: Buffer): void {
    const length = (this.preamble.get(node) ?? 0) + value.length;
    this.preamble.set(node, length);
    if (length <= PREAMBLE) part.raw.push(value);
  }
}

function toField({ key, line }: { key: string; line: string }): RawField {
  const value = line.slice(line.indexOf(':') + 1).replace(/\r?\n/g, '');
  return { name: key, value: value.trim() };
}

/** How much is handed to the splitter at once. */
const CHUNK = 256 * 1024;

function* chunksOf(...buffers: Buffer[]): Iterable<Buffer> {
  for (const buffer of buffers) for (let at = 0; at < buffer.length; at += CHUNK) yield buffer.subarray(at, at + CHUNK);
}

/** Parts a mail. `header` is bounded already (`boundHeader`); `hint` is the charset of raw bytes in headers. Never throws for content. */
export async function readParts(
  header: Buffer,
  body: Buffer,
  limits: MailLimits,
  hint: string | null,
): Promise<PartTree> {
  const collector = new PartCollector(limits, hint);
  const splitter = new Splitter({
    ignoreEmbedded: true,
    maxHeadSize: limits.headerBytes + 64 * 1024,
    maxChildNodes: limits.countedParts,
  });
  let stopped: string | null = null;
  try {
    await pipeline(Readable.from(chunksOf(header, Buffer.from('\r\n'), body)), splitter, async (chunks) => {
      for await (const chunk of chunks) collector.take(chunk as MimeNode | MessageChunk);
    });
  } catch (error) {
    stopped = error instanceof Error ? error.message : String(error);
  }
  const { dropped, droppedCount } = collector;
  return { root: collector.root ?? describePart([], 0, hint), dropped, droppedCount, stopped };
}

/** A part's content without its transfer encoding. */
export function contentOf(part: Part): { content: Buffer; damaged: boolean } {
  return decodeTransfer(
    part.raw.length === 1 && part.raw[0] !== undefined ? part.raw[0] : Buffer.concat(part.raw),
    part.encoding,
  );
}
