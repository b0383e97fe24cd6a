/** A length or a part of one: `12px`, `1.5em`, `100%`, `0`, `auto`; four of them for margins and paddings. No negative ones: they lay text over text. */
const SIZE =
  /^(?:(?:\d{1,4}(?:\.\d{1,4})?(?:px|pt|em|rem|ex|ch|cm|mm|in|pc|%)?|\.\d{1,4}(?:px|pt|em|rem|%)?|auto|normal|inherit|initial|medium|thin|thick|none)(?:\s+|$)){1,4}$/;
const COLOUR = /^(?:#[0-9a-f]{3,8}|[a-z]{3,30}|(?:rgb|rgba|hsl|hsla)\([\d.,%\s/]{1,60}\))$/;
const WORDS = /^[a-z-]{1,30}(?:\s+[a-z-]{1,30}){0,4}$/;
const BORDER =
  /^(?:(?:\d{1,3}(?:\.\d{1,3})?(?:px|pt|em|cm|mm|in)?|[a-z]{3,20}|#[0-9a-f]{3,8}|(?:rgb|rgba)\([\d.,%\s]{1,40}\))(?:\s+|$)){1,4}$/;
const FAMILY = /^(?:["']?[\p{L}\p{N} _.@-]{1,60}["']?\s*(?:,\s*|$)){1,20}$/u;
const FONT_SIZE = /^(?:\d{1,3}(?:\.\d{1,4})?(?:px|pt|em|rem|%)?|[a-z-]{3,10})$/;
const NUMBER = /^(?:\d{1,4}(?:\.\d{1,4})?(?:px|pt|em|%)?|normal|inherit)$/;

/** What a mail may say of how its text looks; none of it can load, move out of its place or run anything. */
const ALLOWED: Readonly<Record<string, RegExp>> = {
  color: COLOUR,
  'background-color': COLOUR,
  background: COLOUR,
  'font-family': FAMILY,
  'font-size': FONT_SIZE,
  'font-weight': /^(?:\d{3}|[a-z]{4,7})$/,
  'font-style': WORDS,
  'font-variant': WORDS,
  'line-height': NUMBER,
  'letter-spacing': NUMBER,
  'text-align': WORDS,
  'text-decoration': WORDS,
  'text-decoration-line': WORDS,
  'text-transform': WORDS,
  'text-indent': SIZE,
  'vertical-align': /^(?:[a-z-]{3,12}|\d{1,3}(?:px|pt|em|%)?)$/,
  'white-space': WORDS,
  'word-break': WORDS,
  'word-wrap': WORDS,
  'overflow-wrap': WORDS,
  direction: WORDS,
  width: SIZE,
  'max-width': SIZE,
  'min-width': SIZE,
  height: SIZE,
  'max-height': SIZE,
  'min-height': SIZE,
  margin: SIZE,
  'margin-top': SIZE,
  'margin-right': SIZE,
  'margin-bottom': SIZE,
  'margin-left': SIZE,
  padding: SIZE,
  'padding-top': SIZE,
  'padding-right': SIZE,
  'padding-bottom': SIZE,
  'padding-left': SIZE,
  border: BORDER,
  'border-top': BORDER,
  'border-right': BORDER,
  'border-bottom': BORDER,
  'border-left': BORDER,
  'border-color': BORDER,
  'border-style': WORDS,
  'border-width': SIZE,
  'border-radius': SIZE,
  'border-collapse': WORDS,
  'border-spacing': SIZE,
  'table-layout': WORDS,
  display: /^(?:block|inline|inline-block|none|table|table-cell|table-row|list-item)$/,
  float: /^(?:left|right|none)$/,
  clear: WORDS,
  'list-style-type': WORDS,
};

/** Characters of a style that are read, and declarations that are kept. */
const MAX_STYLE = 8_000;
const MAX_DECLARATIONS = 60;
const MAX_VALUE = 300;

const balanced = (value: string): boolean =>
  (value.split('"').length - 1) % 2 === 0 && (value.split("'").length - 1) % 2 === 0;

/**
 * The declarations of a style attribute that are known to be harmless, in their order, written in one way. Empty when none is left. Whatever could
 * be read in two ways (comments, escapes, quotes that do not end) is dropped.
 */
export function safeStyle(style: string): string {
  const kept: string[] = [];
  if (style.length > MAX_STYLE) return '';
  for (const declaration of style.split(';')) {
    const colon = declaration.indexOf(':');
    if (colon < 1 || kept.length >= MAX_DECLARATIONS) continue;
    const name = declaration.slice(0, colon).trim().toLowerCase();
    const value = plainValue(name, declaration.slice(colon + 1));
    const allowed = Object.hasOwn(ALLOWED, name) ? ALLOWED[name] : undefined;
    if (allowed === undefined || value.length > MAX_VALUE || !balanced(value) || !allowed.test(value)) continue;
    kept.push(`${name}:${value}`);
  }
  return kept.join(';');
}

/** A value without `!important`, its blanks folded; lower-case where letters have no case. */
function plainValue(name: string, given: string): string {
  const value = given
    .slice(0, MAX_VALUE + 40)
    .replace(/[\s\u00a0]+/g, ' ')
    .replace(/!\s?important\s?$/i, '')
    .trim();
  return name === 'font-family' ? value : value.toLowerCase();
}

/** Whether an element of this style shows nothing: an image of a pixel, or none at all. */
export function hidesImage(style: string): boolean {
  const declared = new Map<string, string>();
  for (const one of safeStyle(style).split(';'))
    declared.set(one.slice(0, one.indexOf(':')), one.slice(one.indexOf(':') + 1));
  const tiny = (size: string | undefined): boolean => size !== undefined && /^[01](?:\.\d+)?(?:px|pt)?$/.test(size);
  return declared.get('display') === 'none' || (tiny(declared.get('width')) && tiny(declared.get('height')));
}
