import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Button } from '../../shared/ui/button.tsx';
import { EmptyState } from '../../shared/ui/states.tsx';
import type { InboxSearch } from './inbox-search.ts';

/** The views of the inbox, and how much waits in the one that is open. */
export function InboxHead({
  view,
  total,
  onHelp,
}: {
  view: InboxSearch['view'];
  total: number | undefined;
  onHelp: () => void;
}): ReactElement {
  const views = [
    [undefined, 'For me'],
    ['anybody', 'For anybody'],
    ['decided', 'Decided'],
  ] as const;
  return (
    <div className="page-head">
      <h1>Inbox</h1>
      <nav aria-label="Views of the inbox" className="row inbox-views">
        {views.map(([id, label]) => (
          <Link
            key={label}
            to="/inbox"
            search={{ view: id }}
            // Right for the page without a question; with one, it is said here.
            activeOptions={{ exact: true, explicitUndefined: true }}
            className="button button-small"
            {...(id === view ? { 'aria-current': 'true' as const } : {})}
          >
            {label}
          </Link>
        ))}
      </nav>
      <span className="muted numeric" role="status">
        {total === undefined ? '' : `${total.toLocaleString('en')} open`}
      </span>
      <span className="grow" />
      <Button small look="quiet" aria-keyshortcuts="?" onClick={onHelp}>
        Keys <kbd>?</kbd>
      </Button>
    </div>
  );
}

/** Beside a list of which nothing is open. */
export function NothingOpen({ isEmpty }: { isEmpty: boolean }): ReactElement | null {
  if (isEmpty) return null;
  return (
    <EmptyState title="Choose a question">
      Or press <kbd>j</kbd>. Those that hold up most come first: by priority, then by how many executions and phases wait, then by
      their deadlines.
    </EmptyState>
  );
}

/** A list without an entry. */
export function NothingWaits({ view }: { view: InboxSearch['view'] }): ReactElement {
  if (view === 'decided')
    return <EmptyState title="Nothing was decided yet">Each decision stands here with its evidence.</EmptyState>;
  return (
    <EmptyState
      title={view === 'anybody' ? 'Nothing waits for anybody' : 'Nothing waits for you'}
      action={
        view === 'anybody' ? (
          <Link to="/orchestrator/runs">All runs</Link>
        ) : (
          <Link to="/inbox" search={{ view: 'anybody' }}>
            What waits for anybody
          </Link>
        )
      }
    >
      Questions and acceptances of runs appear here by themselves, as soon as they are asked.
    </EmptyState>
  );
}
