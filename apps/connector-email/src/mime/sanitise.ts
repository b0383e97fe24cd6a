import sanitize, { type Attributes, type IOptions, type Tag } from 'sanitize-html';
import { cutText } from './clean-text';
import { boundNesting } from './html-bounds';
import { hidesImage, safeStyle } from './safe-style';

/** Where a file of the mail is shown from, by its Content-ID; null for a cid that no file has. */
export type InlineUrlOf = (cid: string) => string | null;

const TAGS = (
  'a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figcaption figure font ' +
  'footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s samp section small span strike strong sub sup table tbody td ' +
  'tfoot th thead time tr tt u ul var wbr'
).split(' ');

const ATTRIBUTES: Record<string, string[]> = {
  '*': ['style', 'dir', 'lang', 'align', 'title'],
  a: ['href', 'target', 'rel'],
  img: ['src', 'alt', 'width', 'height', 'data-cid', 'data-remote-src'],
  font: ['color', 'face', 'size'],
  table: ['width', 'height', 'border', 'cellpadding', 'cellspacing', 'bgcolor'],
  td: ['width', 'height', 'colspan', 'rowspan', 'valign', 'bgcolor', 'nowrap'],
  th: ['width', 'height', 'colspan', 'rowspan', 'valign', 'bgcolor', 'nowrap', 'scope'],
  tr: ['height', 'valign', 'bgcolor'],
  tbody: ['valign'],
  thead: ['valign'],
  tfoot: ['valign'],
  col: ['width', 'span'],
  colgroup: ['width', 'span'],
  ol: ['start', 'type'],
  ul: ['type'],
  li: ['value', 'type'],
  hr: ['width', 'size', 'color', 'noshade'],
  div: ['data-quoted'],
};

/** Elements that are dropped with what they hold. */
const DROPPED_WHOLE =
  'script style title textarea option select noscript iframe noembed noframes template svg math audio video canvas xmp head'.split(
    ' ',
  );

/** Values of the attributes that hold no text: sizes, colours, one word. */
const PLAIN_VALUE = /^[#\w.,%() -]{0,100}$/;
const FREE_TEXT = new Set(['title', 'alt', 'href', 'src', 'data-remote-src', 'data-cid', 'style', 'face']);
const MAX_TEXT = 1_000;
const MAX_URL = 8_000;

/** An address without the characters that browsers pass over when they look for its scheme. */
const plainUrl = (url: string): string =>
  url.replace(/[\u0000-\u0020\u007f-\u00a0\u200b-\u200f\u2028-\u202f\ufeff]+/g, '');

/** An address that a person may follow; null for any other. */
function linkOf(href: string): string | null {
  const url = plainUrl(href);
  if (url.length > MAX_URL) return null;
  if (/^(?:https?:\/\/[^/\\]|mailto:|tel:)/i.test(url)) return url;
  return /^\/\/[^/\\]/.test(url) ? `https:${url}` : null;
}

const isTiny = (size: string | undefined): boolean => size !== undefined && /^\s*[01](?:px)?\s*$/i.test(size);

/** An image of one pixel says that the mail was opened, and nothing else. */
const isTracker = ({ width, height, style }: Attributes): boolean =>
  (isTiny(width) && isTiny(height)) || (style !== undefined && hidesImage(style));

/** Nothing to see: sanitize-html cannot leave out one element of an allowed kind in one pass, so it becomes one that shows nothing. */
const DROP: Tag = { tagName: 'wbr', attribs: {} };

function cleanAttributes(attributes: Attributes): Attributes {
  const kept: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'style') {
      const style = safeStyle(value);
      if (style !== '') kept.style = style;
    } else if (FREE_TEXT.has(name))
      kept[name] = cutText(value, name === 'title' || name === 'alt' ? MAX_TEXT : MAX_URL);
    else if (name === 'data-quoted') {
      if (value === 'true') kept[name] = value;
    } else if (PLAIN_VALUE.test(value)) kept[name] = value;
  }
  return kept;
}

function link(attributes: Attributes): Tag {
  const href = attributes.href === undefined ? null : linkOf(attributes.href);
  const { href: _href, target: _target, rel: _rel, ...rest } = cleanAttributes(attributes);
  if (href === null) return { tagName: 'a', attribs: rest };
  return { tagName: 'a', attribs: { ...rest, href, target: '_blank', rel: 'noopener noreferrer nofollow' } };
}

/** Images of the mail itself get their URL; those on other servers wait until a person asks for them; anything else shows its text. */
function image(attributes: Attributes, inlineUrlOf: InlineUrlOf): Tag {
  if (isTracker(attributes)) return DROP;
  const { src: _src, 'data-cid': _cid, 'data-remote-src': _remote, ...rest } = cleanAttributes(attributes);
  const given = plainUrl(attributes.src ?? '');
  const cid = /^cid:/i.test(given) ? decodeCid(given.slice(4)) : attributes['data-cid'];
  if (cid !== undefined) {
    const url = inlineUrlOf(cid);
    if (url !== null) return { tagName: 'img', attribs: { ...rest, src: url, 'data-cid': cid } };
  }
  const remote = linkOf(given) ?? linkOf(attributes['data-remote-src'] ?? '');
  if (remote !== null && /^https?:/i.test(remote))
    return { tagName: 'img', attribs: { ...rest, 'data-remote-src': remote } };
  return rest.alt === undefined || rest.alt.trim() === '' ? DROP : { tagName: 'img', attribs: rest };
}

function decodeCid(cid: string): string {
  try {
    return cutText(decodeURIComponent(cid), 255);
  } catch {
    return cutText(cid, 255);
  }
}

function optionsFor(inlineUrlOf: InlineUrlOf): IOptions {
  return {
    allowedTags: TAGS,
    allowedAttributes: ATTRIBUTES,
    nonTextTags: DROPPED_WHOLE,
    selfClosing: ['img', 'br', 'hr', 'wbr', 'col'],
    // Addresses and styles are judged by the functions here, which are stricter.
    allowedSchemesAppliedToAttributes: [],
    parseStyleAttributes: false,
    transformTags: {
      a: (_, attributes) => link(attributes),
      img: (_, attributes) => image(attributes, inlineUrlOf),
      '*': (tagName, attributes) =>
        tagName === 'a' || tagName === 'img'
          ? { tagName, attribs: attributes }
          : { tagName, attribs: cleanAttributes(attributes) },
    },
  };
}

/**
 * HTML that is safe to show in a frame: what a mail needs (tables, fonts, inline styles without addresses, links, images), and nothing that runs, loads,
 * submits, navigates or lies outside of its place. `cid:` images get `inlineUrlOf`'s URL and keep their cid in `data-cid`; remote ones have no `src` but
 * `data-remote-src`; one-pixel ones go. The same HTML gives the same text, and what was sanitised once does not change when it is again.
 */
export function sanitiseHtml(html: string, inlineUrlOf: InlineUrlOf): string {
  const options = optionsFor(inlineUrlOf);
  const pass = (given: string): string => sanitize(boundNesting(given), options);
  // What is left out of the first pass may have kept other elements apart; the second one finds only what stays.
  return pass(pass(html.replaceAll('\u0000', '').toWellFormed()));
}
