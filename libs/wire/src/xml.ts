import { XMLParser } from 'fast-xml-parser';

/** An element: a text, its children by name, or, where a name is there more than once, all of them. Nothing is ever made a number. */
export type XmlValue = string | XmlNode | readonly (string | XmlNode)[];
export interface XmlNode {
  readonly [name: string]: XmlValue;
}

export interface XmlLimits {
  /** How deep elements may nest, the root counted; 10 unless said otherwise. */
  readonly maxDepth?: number;
  /** In characters; 1 MB unless said otherwise. */
  readonly maxChars?: number;
}

const TEXT = '#text';
const CDATA = '#cdata';
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

type Ordered = Readonly<Record<string, unknown>>;

/**
 * Reads a platform's XML: one root (its name is not answered), elements and text. Throws for what is not well-formed, too long or too
 * deep, and for everything that messages have no need of: DOCTYPE, entities of its own, comments, processing instructions.
 */
export function readXml(xml: string, limits: XmlLimits = {}): XmlNode {
  if (xml.length > (limits.maxChars ?? 1024 * 1024)) throw new SyntaxError('the XML is too long');
  const markup = xml.replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, '').replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, '');
  if (/<[!?]/.test(markup)) throw new SyntaxError('the XML holds more than elements and text');
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: true,
    parseTagValue: false,
    trimValues: false,
    processEntities: false,
    cdataPropName: CDATA,
    maxNestedTags: limits.maxDepth ?? 10,
    ignoreDeclaration: true,
  });
  // The second argument has the text validated first: the parser alone takes what was cut off.
  const nodes = (parser.parse(xml, true) as readonly Ordered[]).filter((node) => !isBlank(node));
  const root = nodes[0];
  if (nodes.length !== 1 || root === undefined || TEXT in root) throw new SyntaxError('the XML has not one root');
  const value = valueOf(childrenOf(root), limits.maxDepth ?? 10);
  if (typeof value === 'string' && value.trim() !== '') throw new SyntaxError('the root holds no elements');
  return typeof value === 'string' ? {} : value;
}

const nameOf = (node: Ordered): string => Object.keys(node).find((name) => name !== ':@') as string;
const childrenOf = (node: Ordered): readonly Ordered[] => node[nameOf(node)] as readonly Ordered[];
const isBlank = (node: Ordered): boolean => typeof node[TEXT] === 'string' && node[TEXT].trim() === '';

function valueOf(children: readonly Ordered[], depth: number): string | XmlNode {
  if (depth <= 0) throw new SyntaxError('the XML is too deep');
  if (children.every((child) => TEXT in child || CDATA in child)) return children.map(textOf).join('');
  const values = new Map<string, (string | XmlNode)[]>();
  for (const child of children) {
    if (isBlank(child)) continue;
    if (TEXT in child || CDATA in child) throw new SyntaxError('text stands beside elements');
    const name = nameOf(child);
    values.set(name, [...(values.get(name) ?? []), valueOf(childrenOf(child), depth - 1)]);
  }
  const node = Object.create(null) as Record<string, XmlValue>;
  for (const [name, all] of values) node[name] = all.length === 1 ? (all[0] as string | XmlNode) : all;
  return node;
}

function textOf(node: Ordered): string {
  const cdata = node[CDATA] as readonly Ordered[] | undefined;
  if (cdata !== undefined) return cdata.map((part) => String(part[TEXT])).join('');
  return decodeEntities(String(node[TEXT]));
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{2,4}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name as string] ?? whole;
    const code = decimal !== undefined ? Number(decimal) : parseInt(hex as string, 16);
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole;
  });
}

export interface XmlFields {
  readonly [name: string]: string | number | XmlFields | readonly (string | number | XmlFields)[];
}

/** `<xml>…</xml>` as the platforms write it: texts in CDATA, numbers bare. */
export function writeXml(fields: XmlFields, root = 'xml'): string {
  return `<${root}>${Object.entries(fields)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => element(name, one as never)))
    .join('')}</${root}>`;
}

function element(name: string, value: string | number | XmlFields): string {
  if (typeof value === 'object') return writeXml(value, name);
  return `<${name}>${typeof value === 'number' ? value : cdata(value)}</${name}>`;
}

const cdata = (text: string): string => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
