import type { ExecutionEventMessage } from '@loopwright/protocol';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactElement, useMemo } from 'react';
import { Time } from '../../shared/time/time.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { type Column, DataTable } from '../../shared/ui/data-table.tsx';
import { JsonView } from '../../shared/ui/json-view.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { type Executed, eventsQuery } from './run-queries.ts';

/** Everything that happened, in the order in which it was recorded; the one that is open stands in the URL. */
export function EventsPanel({
  run,
  selected,
  onSelect,
}: {
  run: Executed;
  selected: number | undefined;
  onSelect: (seq: number | undefined) => void;
}): ReactElement {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    eventsQuery(run.run_id, run.execution_id),
  );
  const rows = useMemo(() => data?.pages.flatMap(({ events }) => events) ?? [], [data]);
  const gone = data?.pages.flatMap(({ gaps }) => gaps) ?? [];
  if (data === undefined)
    return error === null ? <Loading label="Loading the events" /> : <ErrorState error={error} retry={() => void refetch()} />;
  if (rows.length === 0)
    return <EmptyState title="No events">Nothing has happened yet, or the history was removed by retention.</EmptyState>;
  const open = rows.find(({ seq }) => seq === selected);
  return (
    <div className="panel-tall">
      {gone.map(({ from_seq, to_seq }) => (
        <p key={from_seq} className="notice notice-warn">
          Events {from_seq} to {to_seq} are gone: their history was removed by retention.
        </p>
      ))}
      <DataTable
        label="Events"
        rows={rows}
        rowHeight={32}
        columns={columnsOf(selected, onSelect)}
        rowKey={({ seq }) => String(seq)}
        isSelected={({ seq }) => seq === selected}
        onEnd={() => (hasNextPage && !isFetchingNextPage ? void fetchNextPage() : undefined)}
      />
      {open === undefined ? null : (
        <section className="card" aria-label={`Event ${open.seq}`}>
          <div className="row">
            <h2>{open.event_type}</h2>
            <span className="grow" />
            <Button small look="quiet" icon="close" aria-label="Close the event" onClick={() => onSelect(undefined)} />
          </div>
          <JsonView value={open.data} />
        </section>
      )}
    </div>
  );
}

function columnsOf(selected: number | undefined, onSelect: (seq: number | undefined) => void): Column<ExecutionEventMessage>[] {
  return [
    { id: 'seq', header: '#', width: '64px', align: 'end', cell: ({ seq }) => <span className="numeric muted">{seq}</span> },
    {
      id: 'type',
      header: 'Event',
      cell: ({ seq, event_type: type }) => (
        <button
          type="button"
          className="sort mono event-type"
          aria-pressed={seq === selected}
          onClick={() => onSelect(seq === selected ? undefined : seq)}
        >
          <span className="truncate">{type}</span>
        </button>
      ),
    },
    { id: 'step', header: 'Step', cell: ({ step_id: step }) => <span className="truncate">{step ?? '–'}</span> },
    { id: 'at', header: 'At', width: '160px', cell: ({ timestamp }) => <Time at={timestamp} /> },
  ];
}
