import { create } from 'zustand';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'good' | 'bad';
}

const useToasts = create<{ items: readonly Toast[] }>()(() => ({ items: [] }));
let counter = 0;

/** Says something for a few seconds, longer when it is a failure. */
export function toast(text: string, tone: 'good' | 'bad' = 'good'): void {
  const id = ++counter;
  useToasts.setState((state) => ({ items: [...state.items.slice(-3), { id, text, tone }] }));
  setTimeout(
    () => useToasts.setState((state) => ({ items: state.items.filter((item) => item.id !== id) })),
    tone === 'bad' ? 8000 : 3000,
  );
}

export function Toasts() {
  const items = useToasts((state) => state.items);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {items.map((item) => (
        <div key={item.id} className={item.tone === 'bad' ? 'toast bad' : 'toast'}>
          {item.text}
        </div>
      ))}
    </div>
  );
}
