import { useEffect, useId, useRef, type ReactNode } from 'react';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}

/** A modal dialog: the browser keeps the focus inside and closes it on Escape. */
export function Dialog({ title, onClose, children, wide }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const inner = useRef(false);
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className={wide ? 'box wide' : 'box'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        if (!inner.current) onClose();
        inner.current = false;
      }}
      // Escape closes the innermost: an open list of choices before the dialog with what was typed into it.
      onKeyDownCapture={(event) => {
        inner.current =
          event.key === 'Escape' && ref.current?.querySelector('.ant-select-open, [aria-expanded="true"]') != null;
      }}
      onPointerDown={(event) => {
        if (wide && event.target === ref.current) onClose();
      }}
    >
      <div>
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
