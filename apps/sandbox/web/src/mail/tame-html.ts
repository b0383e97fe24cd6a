const KEPT = new Set(
  'A B BLOCKQUOTE BR CODE DIV EM H1 H2 H3 H4 HR I LI OL P PRE S SPAN STRONG TABLE TBODY TD TH THEAD TR U UL'.split(' '),
);
const DROPPED = new Set(
  'SCRIPT STYLE HEAD TITLE TEMPLATE NOSCRIPT IFRAME OBJECT EMBED SVG MATH TEXTAREA SELECT'.split(' '),
);
const MAX_DEPTH = 100;

/** What a mail says, as elements that can stand in our own page: no scripts, no styles, nothing that is loaded. */
export function tameHtml(html: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  // A document made so runs nothing and loads nothing.
  copy(new DOMParser().parseFromString(html, 'text/html').body, fragment, 0);
  return fragment;
}

function copy(from: Node, to: Node, depth: number): void {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) to.appendChild(document.createTextNode(node.textContent ?? ''));
    if (!(node instanceof Element) || DROPPED.has(node.tagName.toUpperCase()) || depth > MAX_DEPTH) continue;
    copy(node, KEPT.has(node.tagName) ? to.appendChild(elementLike(node)) : to, depth + 1);
  }
}

function elementLike(node: Element): Element {
  const made = document.createElement(node.tagName);
  const href = node.getAttribute('href') ?? '';
  if (node.tagName === 'A' && /^(https?|mailto):/i.test(href)) made.setAttribute('href', href);
  if (node.tagName === 'BLOCKQUOTE') made.setAttribute('type', 'cite');
  return made;
}
