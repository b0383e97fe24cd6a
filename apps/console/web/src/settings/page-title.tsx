import type { ReactNode } from 'react';

/** A settings page's heading with its main action. */
export function PageTitle({ title, help, children }: { title: string; help?: string; children?: ReactNode }) {
  return (
    <header className="title">
      <div>
        <h2>{title}</h2>
        {help !== undefined && <p>{help}</p>}
      </div>
      {children}
    </header>
  );
}
