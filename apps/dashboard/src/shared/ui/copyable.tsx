import type { ReactElement } from 'react';
import { Button } from './button.tsx';
import { showToast } from './toasts.tsx';

/** An id in full with a button that copies it. */
export function Copyable({ text, label }: { text: string; label: string }): ReactElement {
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => showToast(`Copied ${label}`),
      () => showToast(`Cannot copy ${label}: the browser does not allow it here`, { tone: 'danger' }),
    );
  };
  return (
    <span className="row">
      <code>{text}</code>
      <Button small look="quiet" icon="copy" aria-label={`Copy ${label}`} onClick={copy} />
    </span>
  );
}
