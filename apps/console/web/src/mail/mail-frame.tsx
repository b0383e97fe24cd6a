import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from '../i18n/i18n';
import { frameDocument, type CleanMail } from './clean-mail';

/** Taller mails are cut until asked for. */
const TALL_PX = 900;

interface FrameProps {
  readonly mail: CleanMail;
  readonly title: string;
  readonly pictures: ReadonlyMap<string, string>;
  readonly showQuoted: boolean;
}

/**
 * A mail's HTML in a frame without scripts, forms or navigation. It is of our origin only so that this page can measure it: with scripts
 * forbidden by the sandbox, nothing inside can use that.
 */
export function MailFrame({ mail, title, pictures, showQuoted }: FrameProps) {
  const { t } = useTranslation();
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(60);
  const [whole, setWhole] = useState(false);
  const [loads, setLoads] = useState(0);
  const source = useMemo(() => frameDocument(mail, pictures, showQuoted), [mail, pictures, showQuoted]);
  useEffect(() => {
    const body = frame.current?.contentDocument?.body;
    if (!body) return;
    const observer = new ResizeObserver(() => setHeight(Math.ceil(body.getBoundingClientRect().height)));
    observer.observe(body);
    return () => observer.disconnect();
  }, [loads]);
  const cut = height > TALL_PX && !whole;
  return (
    <>
      <iframe
        ref={frame}
        className={cut ? 'paper cut' : 'paper'}
        title={title}
        sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
        referrerPolicy="no-referrer"
        srcDoc={source}
        style={{ height: cut ? TALL_PX : height }}
        onLoad={() => setLoads((n) => n + 1)}
        data-testid="mail-frame"
      />
      {height > TALL_PX && (
        <button type="button" className="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {t(whole ? 'mail.showLess' : 'mail.showAll')}
        </button>
      )}
    </>
  );
}
