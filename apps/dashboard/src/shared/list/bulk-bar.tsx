import type { BulkAction } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { Button } from '../ui/button.tsx';
import './list.css';
import type { Noun } from './nouns.ts';

/** The most that one operation takes; the server refuses more. */
const LIMIT = 1000;

/** What can be done to many rows: to the chosen ones, or to all that fit the filter. */
export function BulkBar({
  noun,
  chosen,
  total,
  filter,
  onBegin,
  onClear,
}: {
  noun: Noun;
  chosen: number;
  total: number;
  /** The filter in words, and as far as it matters here. */
  filter: { readonly words: string; readonly hasStatus: boolean; readonly isWaiting: boolean };
  onBegin: (action: BulkAction, isAll: boolean) => void;
  onClear: () => void;
}): ReactElement {
  const isAll = chosen === 0;
  const reason = isAll ? allReason(noun, total, filter) : undefined;
  const whom = isAll ? `all that fit (${filter.words})` : `the ${chosen} chosen`;
  return (
    <div className="row bulk" role="group" aria-label={`Do something to many ${noun.many}`}>
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

const TITLES: Readonly<Record<BulkAction, string>> = { cancel: 'Cancel', retry: 'Retry', pause: 'Pause', resume: 'Resume' };

function allReason(
  { many }: Noun,
  total: number,
  { hasStatus, isWaiting }: { hasStatus: boolean; isWaiting: boolean },
): string | undefined {
  if (total === 0) return `There are no ${many}`;
  if (total > LIMIT && !hasStatus) return `At most ${LIMIT} ${many} at once: narrow the list by status first`;
  // The filter of bulk operations cannot say who is waited for: those are chosen one by one.
  return isWaiting ? `Choose the ${many} that wait for you in the list` : undefined;
}
