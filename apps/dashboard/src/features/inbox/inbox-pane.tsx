import type { HumanTask, InboxEntry } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { Button } from '../../shared/ui/button.tsx';
import { ErrorState, Loading } from '../../shared/ui/states.tsx';
import { NothingWaits } from './inbox-head.tsx';
import { DecidedList, OpenList } from './inbox-list.tsx';
import type { InboxSearch } from './inbox-search.ts';

/** How far a list is loaded. */
export interface Listed {
  readonly isPending: boolean;
  readonly isSuccess: boolean;
  readonly error: Error | null;
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly refetch: () => Promise<unknown>;
  readonly fetchNextPage: () => Promise<unknown>;
}

/** The list of a view, with what is done to those that are chosen. */
export function InboxPane({
  view,
  listed,
  entries,
  tasks,
  selected,
  chosen,
  together,
  onChoose,
  onDecide,
  onClear,
}: {
  view: InboxSearch['view'];
  listed: Listed;
  entries: readonly InboxEntry[];
  tasks: readonly HumanTask[];
  selected: string | undefined;
  chosen: ReadonlySet<string>;
  /** How many of the chosen ones can be decided together. */
  together: number;
  onChoose: (taskId: string) => void;
  onDecide: () => void;
  onClear: () => void;
}): ReactElement {
  const isEmpty = entries.length === 0 && tasks.length === 0;
  return (
    <section className="inbox-list" aria-label="List">
      {together === 0 ? null : (
        <div className="row inbox-batch" role="status">
          <span className="grow">{together} chosen</span>
          <Button small look="primary" onClick={onDecide}>
            Decide together…
          </Button>
          <Button small onClick={onClear}>
            None
          </Button>
        </div>
      )}
      {listed.isPending ? <Loading label="Loading the inbox" lines={8} /> : null}
      {listed.error !== null && isEmpty ? <ErrorState error={listed.error} retry={() => void listed.refetch()} /> : null}
      {listed.isSuccess && isEmpty ? <NothingWaits view={view} /> : null}
      {view === 'decided' ? (
        <DecidedList tasks={tasks} selected={selected} />
      ) : (
        <OpenList {...{ entries, selected, chosen, onChoose, view }} />
      )}
      {listed.hasNextPage ? (
        <Button disabled={listed.isFetchingNextPage} onClick={() => void listed.fetchNextPage()}>
          Show more
        </Button>
      ) : null}
    </section>
  );
}
