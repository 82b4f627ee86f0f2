import { ERRORS, PlatformError, messageOf } from '@loopwright/protocol';
import type { ReactElement, ReactNode } from 'react';
import { Button } from './button.tsx';

/** Nothing is here: why, and what to do next. */
export function EmptyState({
  title,
  children,
  action,
  isPage = false,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** Whether it stands for the whole page, so that its title is the page's. */
  isPage?: boolean;
}): ReactElement {
  const Heading = isPage ? 'h1' : 'h2';
  return (
    <div className="empty">
      <Heading className="empty-title">{title}</Heading>
      {children === undefined ? null : <p>{children}</p>}
      {action}
    </div>
  );
}

/** Something could not be had: what the server said, how to fix it, and its code. */
export function ErrorState({
  error,
  retry,
  isPage = false,
}: {
  error: unknown;
  retry?: () => void;
  /** Whether it stands for the whole page, so that its title is the page's. */
  isPage?: boolean;
}): ReactElement {
  const Heading = isPage ? 'h1' : 'h2';
  const code = error instanceof PlatformError ? error.code : undefined;
  const isAway = code === 'SERVICE_UNAVAILABLE';
  return (
    <div className="empty" role="alert">
      <Heading className="empty-title">{isAway ? 'The server cannot be reached' : 'This cannot be shown'}</Heading>
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
