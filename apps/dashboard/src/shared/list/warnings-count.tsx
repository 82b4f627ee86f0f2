import type { ReactElement } from 'react';
import { Badge } from '../ui/badge.tsx';

/** How much the checks of a run warn of; null as long as nothing was checked. */
export function WarningsCount({ count }: { count: number | null }): ReactElement {
  if (count === null)
    return (
      <span className="muted" title="Nothing was checked yet">
        –
      </span>
    );
  return count === 0 ? (
    <span className="numeric">0</span>
  ) : (
    <Badge tone="warn" icon="warning">
      {count}
    </Badge>
  );
}
