import { ERRORS, PlatformError, messageOf } from '@loopwright/protocol';
import type { ReactElement, ReactNode } from 'react';
import { Button } from './button.tsx';

/** Nothing is here: why, and what to do next. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}): ReactElement {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children === undefined ? null : <p>{children}</p>}
      {action}
    </div>
  );
}

/** Something could not be had: what the server said, how to fix it, and its code. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }): ReactElement {
  const code = error instanceof PlatformError ? error.code : undefined;
  const isAway = code === 'SERVICE_UNAVAILABLE';
  return (
    <div className="empty" role="alert">
      <h2>{isAway ? 'The server cannot be reached' : 'This cannot be shown'}</h2>
      <p>{messageOf(error)}</p>
      {code === undefined || isAway ? null : (
        <p>
          {ERRORS[code].fix} <code>{code}</code>
        </p>
      )}
      {isAway ? <p>It is tried again by itself as soon as the connection is back.</p> : null}
      {retry === undefined ? null : <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

/** Something is on its way; takes about the place that it will take. */
export function Loading({ label, lines = 6 }: { label: string; lines?: number }): ReactElement {
  return (
    <div className="stack" role="status" aria-busy="true">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className="skeleton" style={{ width: `${90 - ((line * 17) % 45)}%` }} />
      ))}
    </div>
  );
}

/** A figure with its name; `null` is "not measured" with the reason. */
export function Stat({ label, value, reason }: { label: string; value: ReactNode; reason?: string | undefined }): ReactElement {
  return (
    <div className="stat">
      <dt>{label}</dt>
      <dd>{value ?? <span className="not-measured">Not measured{reason === undefined ? '' : `: ${reason}`}</span>}</dd>
    </div>
  );
}
