import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

const BOTTOM_PX = 40;
const EARLIER_PX = 600;

interface Anchor {
  readonly key: string;
  /** Pixels from the top of the view to the top of the line. */
  readonly top: number;
}

/** The first line that is in view, to be found again in the same place after lines were added above or below. */
function anchorOf(box: HTMLElement): Anchor | null {
  const viewTop = box.getBoundingClientRect().top;
  const lines = box.querySelectorAll<HTMLElement>('[data-line="message"]');
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle]!.getBoundingClientRect().bottom > viewTop) high = middle;
    else low = middle + 1;
  }
  const line = lines[low];
  return line ? { key: line.dataset.key!, top: line.getBoundingClientRect().top - viewTop } : null;
}

interface ScrollOptions {
  /** Changes whenever lines do. */
  readonly lines: readonly unknown[];
  /** The newest message's number; 0 while none is there. */
  readonly newest: number;
  readonly canLoadEarlier: boolean;
  readonly loadEarlier: () => void;
}

/**
 * Keeps the reading place of a thread: at the bottom it follows what is new; read further up it stays exactly where it is while
 * earlier messages are put above and new ones below, and counts the new ones.
 */
export function useThreadScroll({ lines, newest, canLoadEarlier, loadEarlier }: ScrollOptions) {
  const box = useRef<HTMLDivElement>(null);
  const anchor = useRef<Anchor | null>(null);
  const following = useRef(true);
  const [atBottom, setAtBottom] = useState(true);
  const [seen, setSeen] = useState(0);

  const toBottom = useCallback(() => {
    following.current = true;
    const element = box.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);

  const onScroll = useCallback(() => {
    const element = box.current;
    if (!element) return;
    following.current = element.scrollHeight - element.scrollTop - element.clientHeight < BOTTOM_PX;
    setAtBottom(following.current);
    anchor.current = following.current ? null : anchorOf(element);
    if (element.scrollTop < EARLIER_PX && canLoadEarlier) loadEarlier();
  }, [canLoadEarlier, loadEarlier]);

  const hold = useCallback(() => {
    const element = box.current;
    if (!element) return;
    if (following.current) {
      element.scrollTop = element.scrollHeight;
      return;
    }
    const held = anchor.current;
    const line = held && element.querySelector<HTMLElement>(`[data-key="${CSS.escape(held.key)}"]`);
    if (!line) return;
    element.scrollTop += line.getBoundingClientRect().top - element.getBoundingClientRect().top - held.top;
  }, []);

  useLayoutEffect(hold, [hold, lines]);

  // What does not fill the view cannot be scrolled: fetch until it does.
  useEffect(() => {
    const element = box.current;
    if (element && canLoadEarlier && element.scrollHeight <= element.clientHeight + EARLIER_PX) loadEarlier();
  }, [lines, canLoadEarlier, loadEarlier]);

  // The composer grew, a banner came, a mail has got its height: nobody's place moves.
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(hold);
    observer.observe(element);
    for (const content of element.children) observer.observe(content);
    return () => observer.disconnect();
  }, [hold]);

  useEffect(() => {
    if (atBottom) setSeen(newest);
  }, [atBottom, newest]);

  return { box, onScroll, toBottom, atBottom, seen };
}
