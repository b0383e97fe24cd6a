import type { Mail } from './api';
import { el } from './dom';

/** Nothing is loaded and nothing runs: a mail is what its sender wrote. */
const POLICY = `default-src 'none'; img-src data:; style-src 'unsafe-inline'`;
const STYLE =
  "body{font:14px/1.6 'Inter','PingFang SC','Noto Sans CJK SC','Microsoft YaHei',system-ui,sans-serif;margin:0;color:#1b1f23;" +
  'overflow-wrap:anywhere}img{max-width:100%}img:not([src^="data:"]){display:none}blockquote{margin:8px 0;padding-left:12px;border-left:3px solid #d5dade;color:#57606a}';

/** A mail's text, or its HTML in a frame of its own. */
export function mailBody(mail: Mail, words: { empty: string; title: string }): HTMLElement {
  if (mail.html === null) return el('pre', { className: 'text' }, mail.text.trimEnd() || words.empty);
  const frame = el('iframe', { className: 'html', title: words.title });
  // No scripts; the same origin only so that its height can be measured.
  frame.setAttribute('sandbox', 'allow-same-origin');
  frame.srcdoc = `<meta http-equiv="content-security-policy" content="${POLICY}"><style>${STYLE}</style>${mail.html}`;
  frame.addEventListener('load', () => {
    frame.style.height = `${(frame.contentDocument?.documentElement.scrollHeight ?? 80) + 4}px`;
  });
  return frame;
}
