import { type JsonObject, type TimelineEntry, isoTime } from '@loopwright/protocol';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactElement, useState } from 'react';
import { Link } from '@tanstack/react-router';
import { Duration, Time } from '../../../shared/time/time.tsx';
import { Badge } from '../../../shared/ui/badge.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { TextField } from '../../../shared/ui/field.tsx';
import { JsonView } from '../../../shared/ui/json-view.tsx';
import { EmptyState, ErrorState, Loading } from '../../../shared/ui/states.tsx';
import type { ProgramPanel } from '../program-page.tsx';
import { promotionsQuery, timelineQuery } from '../program-queries.ts';

/** What the alias `active` pointed at and when, by whom and why, with the promotion record of each move; and what was live at an instant. */
export function HistoryPanel({ program, search, select }: ProgramPanel): ReactElement {
  const timeline = useInfiniteQuery(timelineQuery(program.name, search.at));
  const promotions = useInfiniteQuery(promotionsQuery(program.name));
  if (timeline.data === undefined)
    return timeline.error === null ? (
      <Loading label="Loading the history" />
    ) : (
      <ErrorState error={timeline.error} retry={() => void timeline.refetch()} />
    );
  const entries = timeline.data.pages.flatMap((page) => page.entries);
  const records = new Map(promotions.data?.pages.flatMap((page) => page.promotions).map((record) => [record['id'], record]));
  const active = timeline.data.pages[0]?.active ?? null;
  const more = (): void => void Promise.all([timeline.fetchNextPage(), promotions.fetchNextPage()]);
  if (entries.length === 0)
    return <EmptyState title="Nothing was promoted yet">The first version that becomes active begins the history.</EmptyState>;
  return (
    <div className="stack">
      <AtInstant at={search.at} active={active} onChange={(at) => select({ at })} />
      <ol className="history" aria-label="History of the alias active">
        {entries.map((entry) => (
          <Entry
            key={entry.promotion_id}
            entry={entry}
            record={records.get(entry.promotion_id)}
            isAsked={search.at !== undefined && entry.promotion_id === active?.promotion_id}
          />
        ))}
      </ol>
      {timeline.hasNextPage ? (
        <div className="row">
          <Button disabled={timeline.isFetchingNextPage} onClick={more}>
            Load older ones
          </Button>
        </div>
      ) : null}
    </div>
  );
}

/** Asks what was active at an instant. */
function AtInstant({
  at,
  active,
  onChange,
}: {
  at: string | undefined;
  active: TimelineEntry | null;
  onChange: (at: string | undefined) => void;
}): ReactElement {
  const [typed, setTyped] = useState(at === undefined ? '' : localText(at));
  const ask = (event: FormEvent): void => {
    event.preventDefault();
    const time = Date.parse(typed);
    onChange(Number.isNaN(time) ? undefined : isoTime(time));
  };
  return (
    <form className="card at-instant" onSubmit={ask} aria-label="What was live at an instant">
      <TextField
        label="What was live at"
        hint="In the time zone of this device"
        type="datetime-local"
        step={1}
        value={typed}
        onText={setTyped}
      />
      <Button type="submit" disabled={typed === ''} reason="Choose an instant">
        Look
      </Button>
      {at === undefined ? null : (
        <>
          <p role="status" className="grow">
            {active === null ? (
              'Nothing was active then.'
            ) : (
              <>
                <strong>v{active.version}</strong> was active, moved there by{' '}
                {active.moved_by ?? 'somebody the record does not name'} <Time at={active.at} />.
              </>
            )}
          </p>
          <Button
            look="quiet"
            icon="close"
            onClick={() => {
              setTyped('');
              onChange(undefined);
            }}
          >
            Clear
          </Button>
        </>
      )}
    </form>
  );
}

/** An instant as `datetime-local` has it. */
function localText(at: string): string {
  const time = Date.parse(at);
  return isoTime(time - new Date(time).getTimezoneOffset() * 60_000).slice(0, 19);
}

function Entry({
  entry,
  record,
  isAsked,
}: {
  entry: TimelineEntry;
  record: JsonObject | undefined;
  isAsked: boolean;
}): ReactElement {
  const took = entry.until === null ? null : (Date.parse(entry.until) - Date.parse(entry.at)) / 1000;
  return (
    <li className="history-entry" aria-current={isAsked}>
      <div className="row">
        <strong>v{entry.version}</strong>
        {entry.until === null ? (
          <Badge tone="good" icon="check">
            Active
          </Badge>
        ) : null}
        {entry.is_rollback ? (
          <Badge tone="warn" icon="skip">
            Rollback
          </Badge>
        ) : null}
        {entry.rollout_id === null ? null : <Badge tone="info">By a rollout</Badge>}
        <span className="muted">
          {entry.from === null ? 'the first one' : `after v${entry.from}`}, <Time at={entry.at} /> by{' '}
          {entry.moved_by ?? (entry.rollout_id === null ? 'somebody the record does not name' : 'the rules of the rollout')}, for{' '}
          <Duration seconds={took} since={entry.at} />
        </span>
      </div>
      {entry.why === null ? null : <p>“{entry.why}”</p>}
      <div className="row muted">
        {entry.digest === null ? null : <code title={entry.digest}>sha256:{entry.digest.slice(0, 12)}…</code>}
        {entry.execution_id === null ? null : (
          <Link to="/orchestrator/executions/$executionId" params={{ executionId: entry.execution_id }} className="inline-link">
            Execution {entry.execution_id.slice(0, 8)}
          </Link>
        )}
        {entry.diff === null ? null : <span>Behaviour diff {entry.diff.digest.slice(0, 12)} was shown</span>}
      </div>
      {record === undefined ? null : (
        <details>
          <summary>Promotion record</summary>
          <JsonView value={record} />
        </details>
      )}
    </li>
  );
}
