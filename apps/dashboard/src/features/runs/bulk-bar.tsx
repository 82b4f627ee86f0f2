import type { RunBulkAction } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { Button } from '../../shared/ui/button.tsx';
import { type RunsSearch, filterText } from './runs-search.ts';

/** The most that one operation takes; the server refuses more. */
const LIMIT = 1000;

/** What can be done to many runs: to the chosen ones, or to all that fit the filter. */
export function BulkBar({
  chosen,
  total,
  search,
  onBegin,
  onClear,
}: {
  chosen: number;
  total: number;
  search: RunsSearch;
  onBegin: (action: RunBulkAction, isAll: boolean) => void;
  onClear: () => void;
}): ReactElement {
  const isAll = chosen === 0;
  const count = isAll ? total : chosen;
  // The filter of bulk operations cannot say who is waited for: those runs are chosen one by one.
  const reason = bulkReason({ isAll, count, search });
  const whom = isAll ? `all that fit (${filterText(search)})` : `the ${chosen} chosen`;
  return (
    <div className="row bulk" role="group" aria-label="Do something to many runs">
      <span className="muted">{isAll ? 'All that fit:' : `${chosen} chosen:`}</span>
      {(['cancel', 'retry', 'pause', 'resume'] as const).map((action) => (
        <Button
          key={action}
          small
          disabled={reason !== undefined}
          reason={reason}
          aria-label={`${TITLES[action]} ${whom}`}
          onClick={() => onBegin(action, isAll)}
        >
          {TITLES[action]}…
        </Button>
      ))}
      {isAll ? null : (
        <Button small look="quiet" onClick={onClear}>
          Choose none
        </Button>
      )}
    </div>
  );
}

const TITLES: Readonly<Record<RunBulkAction, string>> = { cancel: 'Cancel', retry: 'Retry', pause: 'Pause', resume: 'Resume' };

function bulkReason({ isAll, count, search }: { isAll: boolean; count: number; search: RunsSearch }): string | undefined {
  if (count === 0) return 'There are no runs';
  if (count > LIMIT && isAll && search.status === undefined)
    return `At most ${LIMIT} runs at once: narrow the list by status first`;
  if (isAll && search.waiting === true) return 'Choose the runs that wait for you in the list';
  return undefined;
}
