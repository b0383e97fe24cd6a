import { useTranslation } from '../i18n/i18n';
import { toast } from '../ui/toast';

/** A line to be pasted elsewhere, with a button that copies it. */
export function CopyLine({ label, help, text }: { label: string; help: string; text: string }) {
  const { t } = useTranslation();
  const copy = async (line: HTMLElement | null): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      toast(t('app.copied'));
    } catch {
      // Without a secure origin the clipboard is closed: select it, so that the keys can copy.
      if (line) getSelection()?.selectAllChildren(line);
    }
  };
  return (
    <>
      <div className="copyline">
        <span>{label}</span>
        <code tabIndex={0}>{text}</code>
        <button
          type="button"
          className="plain"
          onClick={(event) => void copy(event.currentTarget.parentElement?.querySelector('code') ?? null)}
        >
          {t('app.copy')}
        </button>
      </div>
      <p className="hint">{help}</p>
    </>
  );
}
