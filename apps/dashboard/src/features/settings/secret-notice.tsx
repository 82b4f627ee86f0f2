import type { ReactElement } from 'react';
import { Copyable } from '../../shared/ui/copyable.tsx';

/** A secret that the server shows once: nobody can read it again. */
export function SecretNotice({ secret, label }: { secret: string; label: string }): ReactElement {
  return (
    <div className="settings-secret" role="status">
      <strong>Copy {label} now: it is not shown again.</strong>
      <Copyable text={secret} label={label} />
    </div>
  );
}
