import DOMPurify from 'dompurify';

const TAGS = 'a b blockquote br code div em h1 h2 h3 h4 hr i li ol p pre s span strong table tbody td th thead tr u ul';

/** What a mail says, as elements that can stand in our own page: no scripts, no styles, nothing that is loaded. */
export function tameHtml(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS.split(' '),
    ALLOWED_ATTR: ['href', 'type'],
    RETURN_DOM_FRAGMENT: true,
  });
}
