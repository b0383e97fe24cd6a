import { Tokenizer } from 'htmlparser2';
import { isVoidElement } from './html-elements';

/** Elements inside elements that are kept; a parser's work grows with this depth for every tag. */
const MAX_DEPTH = 200;
/** Tags that are kept. */
const MAX_TAGS = 200_000;

/** Elements that end where the next of their kind begins: old mails never close them. */
const ENDS_ITS_KIND = new Set('p li dt dd td th tr option'.split(' '));

/**
 * HTML without the tags that lie too deep or close nothing; their text stays. Every parser behind this one may then cost a step per open element.
 * Returns the same string for a mail that a person has sent. `without`: the name of an attribute that no tag shall have.
 */
export function boundNesting(html: string, without: string | null = null): string {
  const pieces: string[] = [];
  const open: string[] = [];
  let copied = 0;
  let tags = 0;
  /** Where the tag begins that is being left out; -1 for none. */
  let dropping = -1;
  const endTag = (end: number): void => {
    if (dropping < 0) return;
    pieces.push(html.slice(copied, dropping));
    copied = end + 1;
    dropping = -1;
  };
  const nothing = (): void => undefined;
  const tokenizer = new Tokenizer(
    { decodeEntities: false },
    {
      onopentagname(start, end) {
        tags++;
        const name = html.slice(start, Math.min(end, start + 40)).toLowerCase();
        const isVoid = isVoidElement(name);
        if (!isVoid && open.at(-1) === name && ENDS_ITS_KIND.has(name)) open.pop();
        if (tags > MAX_TAGS || (!isVoid && open.length >= MAX_DEPTH)) dropping = start - 1;
        else if (!isVoid) open.push(name);
      },
      onopentagend: endTag,
      onselfclosingtag: endTag,
      onclosetag(start, end) {
        const name = html.slice(start, Math.min(end, start + 40)).toLowerCase();
        const at = open.lastIndexOf(name);
        if (at >= 0) {
          open.length = at;
          return;
        }
        // `</p>` and `</br>` mean an element when they close none.
        const alone = name === 'p' || name === 'br';
        if (alone) tags++;
        if (!alone || tags > MAX_TAGS) {
          pieces.push(html.slice(copied, html.lastIndexOf('<', start)));
          const close = html.indexOf('>', end);
          copied = close < 0 ? html.length : close + 1;
        }
      },
      onattribdata: nothing,
      onattribentity: nothing,
      onattribend: nothing,
      onattribname(start, end) {
        if (without === null || dropping >= 0 || end - start !== without.length) return;
        if (html.slice(start, end).toLowerCase() !== without) return;
        pieces.push(html.slice(copied, start), 'data-x');
        copied = end;
      },
      oncdata: nothing,
      oncomment: nothing,
      ondeclaration: nothing,
      onend: nothing,
      onprocessinginstruction: nothing,
      ontext: nothing,
      ontextentity: nothing,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  if (dropping >= 0) return pieces.join('') + html.slice(copied, dropping);
  return copied === 0 ? html : pieces.join('') + html.slice(copied);
}
