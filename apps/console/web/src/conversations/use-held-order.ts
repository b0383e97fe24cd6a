import { useEffect, useRef, useState } from 'react';
import { heldOrder } from './held-order';

/** How long rows stay put after the pointer last moved among them. */
const HOLD_MS = 1500;

/** Rows in a stable order while the pointer is busy among them; `holders` go on the scrolling box. */
export function useHeldOrder(wanted: readonly string[], resetKey: string) {
  const [held, setHeld] = useState(false);
  const shown = useRef<{ key: string; order: readonly string[] }>({ key: resetKey, order: wanted });
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const pressed = useRef(false);

  const letGo = (ms: number): void => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      if (!pressed.current) setHeld(false);
    }, ms);
  };
  const hold = (): void => {
    setHeld(true);
    letGo(HOLD_MS);
  };
  useEffect(() => {
    const up = (): void => {
      if (!pressed.current) return;
      pressed.current = false;
      letGo(300);
    };
    window.addEventListener('pointerup', up);
    window.addEventListener('pointercancel', up);
    return () => {
      window.removeEventListener('pointerup', up);
      window.removeEventListener('pointercancel', up);
      if (timer.current !== null) clearTimeout(timer.current);
    };
  }, []);

  const order = heldOrder(shown.current.order, wanted, held && shown.current.key === resetKey);
  shown.current = { key: resetKey, order };
  return {
    order,
    holders: {
      onPointerMove: hold,
      onPointerDown: () => {
        pressed.current = true;
        hold();
      },
      onPointerLeave: () => letGo(150),
    },
  };
}
