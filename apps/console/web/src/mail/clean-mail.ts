import DOMPurify from 'dompurify';
import { safeHref } from '../thread/links';

/** A mail's HTML as it may be shown: nothing in it loads, runs, submits or reaches out of its frame. */
export interface CleanMail {
  readonly body: Element;
  /** Addresses of pictures of other sites, as the mail names them. */
  readonly remote: readonly string[];
  /** Addresses of pictures that came with the mail. */
  readonly inline: readonly string[];
  readonly hasQuoted: boolean;
}

const FORBIDDEN =
  'style form input button textarea select option video audio source track picture svg math dialog map area object embed iframe frame base link meta template'.split(
    ' ',
  );
const OURS = /^\/api\/v1\/attachments\/[0-9A-HJKMNP-TV-Z]{26}$/;
/** Styles that load something or leave the text's place. */
const UNWANTED_STYLE = /url\s*\(|image-set|expression|position\s*:\s*(fixed|sticky|absolute)/i;

/** The connector has cleaned it already; what is shown beside our own page is cleaned once more, here. */
export function cleanMail(html: string): CleanMail {
  const body = DOMPurify.sanitize(html, {
    RETURN_DOM: true,
    FORBID_TAGS: FORBIDDEN,
    FORBID_ATTR: ['id', 'name', 'class', 'srcset', 'background', 'autofocus', 'tabindex', 'ping'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ADD_ATTR: ['data-quoted', 'data-remote-src'],
  });
  const remote = new Set<string>();
  const inline = new Set<string>();
  for (const element of body.querySelectorAll('*')) {
    if (UNWANTED_STYLE.test(element.getAttribute('style') ?? '')) element.removeAttribute('style');
    if (element instanceof HTMLAnchorElement) tameLink(element);
    if (element.localName === 'img') tameImage(element, remote, inline);
  }
  return {
    body,
    remote: [...remote],
    inline: [...inline],
    hasQuoted: body.querySelector('[data-quoted="true"]') !== null,
  };
}

function tameLink(link: HTMLAnchorElement): void {
  const href = link.getAttribute('href') ?? '';
  const safe = /^mailto:/i.test(href) ? href : safeHref(href);
  if (safe === null) link.removeAttribute('href');
  else link.setAttribute('href', safe);
  link.setAttribute('target', '_blank');
  link.setAttribute('rel', 'noopener noreferrer nofollow');
}

/** Takes the address away and keeps it in mind: a picture is shown when its bytes are here. */
function tameImage(image: Element, remote: Set<string>, inline: Set<string>): void {
  const [src, elsewhere] = [image.getAttribute('src') ?? '', image.getAttribute('data-remote-src') ?? ''];
  image.removeAttribute('src');
  if (!image.hasAttribute('alt')) image.setAttribute('alt', '');
  if (OURS.test(src)) {
    inline.add(src);
    image.setAttribute('data-file', src);
  } else if (/^https?:\/\//i.test(elsewhere)) remote.add(elsewhere);
  else image.remove();
}

/** Only what this frame may load: pictures whose bytes our page has fetched. */
const FRAME_CSP = "default-src 'none'; img-src blob:; style-src 'unsafe-inline'";

/** Mails are written for white paper: they keep it, in the dark too. */
const FRAME_STYLE = `
  :root { color-scheme: light; }
  html { background: #fff; }
  body { margin: 0; padding: 10px 12px; color: #1b1f23; font: 14px/1.6 system-ui, 'PingFang SC', 'Microsoft YaHei', sans-serif;
    overflow-wrap: anywhere; overflow-x: auto; overflow-y: hidden; }
  img { max-width: 100%; height: auto; }
  img:not([src]) { display: none; }
  table { max-width: 100%; }
  pre { white-space: pre-wrap; }
  a { color: #0b6e69; }
  blockquote { margin: 0 0 0 4px; padding-left: 10px; border-left: 3px solid #d6dadd; }
  .folded [data-quoted='true'] { display: none; }
`;

/** The document of the frame, with those pictures whose bytes are here, by address. */
export function frameDocument(mail: CleanMail, pictures: ReadonlyMap<string, string>, showQuoted: boolean): string {
  const body = mail.body.cloneNode(true) as Element;
  for (const image of body.querySelectorAll('img')) {
    const address = image.getAttribute('data-file') ?? image.getAttribute('data-remote-src') ?? '';
    const picture = pictures.get(address);
    if (picture !== undefined) image.setAttribute('src', picture);
  }
  return `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${FRAME_CSP}"><meta name="referrer" content="no-referrer"><style>${FRAME_STYLE}</style></head><body class="${showQuoted ? '' : 'folded'}">${body.innerHTML}</body></html>`;
}
