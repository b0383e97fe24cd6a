import { useEffect, type KeyboardEvent } from 'react';

/** Closes a menu when something else is pressed; `inside` selects what belongs to it. */
export function useClosedOutside(open: boolean, inside: string, close: () => void): void {
  useEffect(() => {
    if (!open) return;
    const away = (event: PointerEvent): void => {
      if (!(event.target as Element).closest(inside)) close();
    };
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  });
}

/** Up and down go round a menu's buttons, Escape leaves it. */
export function moveInMenu(event: KeyboardEvent, menu: HTMLElement | null, close: () => void): void {
  if (event.key === 'Escape') return close();
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  event.preventDefault();
  const items = [...(menu?.querySelectorAll<HTMLElement>('button') ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + (event.key === 'ArrowDown' ? 1 : items.length - 1)) % items.length]?.focus();
}
