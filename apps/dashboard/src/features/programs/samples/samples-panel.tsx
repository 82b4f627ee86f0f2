import type { Sample, SampleState } from '@loopwright/protocol';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useSession } from '../../../shared/api/session.tsx';
import { Time } from '../../../shared/time/time.tsx';
import { Badge } from '../../../shared/ui/badge.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { EmptyState, ErrorState, Loading } from '../../../shared/ui/states.tsx';
import type { ProgramPanel } from '../program-page.tsx';
import { samplesQuery } from '../program-queries.ts';
import { Labelling } from './labelling.tsx';
import './samples.css';
import { ScrollTable } from '../../../shared/ui/scroll-table.tsx';

const STATES: readonly (readonly [SampleState, string])[] = [
  ['open', 'Open'],
  ['claimed', 'Taken'],
  ['answered', 'Answered'],
  ['skipped', 'Skipped'],
  ['expired', 'Expired'],
];

/** Requests that were chosen for validation: saying what would have been right, and what was said. */
export function SamplesPanel({ program, search, select }: ProgramPanel): ReactElement {
  const { can } = useSession();
  const state = search.samples ?? 'open';
  const maySee = can('tasks:read', program.project_id);
  const isAsked = maySee && program.edge_url !== null;
  const open = useInfiniteQuery({ ...samplesQuery(program.name, 'open'), enabled: isAsked });
  const list = useInfiniteQuery({ ...samplesQuery(program.name, state), enabled: isAsked });
  if (!maySee)
    return (
      <EmptyState title="Samples are not for you">They are inputs that people sent; your role does not show them.</EmptyState>
    );
  if (program.edge_url === null)
    return <EmptyState title="Not to be had now">The edge runtime, which keeps the samples, is not running.</EmptyState>;
  const rows = list.data?.pages.flatMap(({ samples }) => samples) ?? [];
  const waiting = open.data?.pages.reduce((sum, { samples }) => sum + samples.length, 0);
  return (
    <div className="stack">
      <Labelling program={program} waiting={waiting} hasMore={open.hasNextPage} />
      <section className="stack" aria-label="Samples">
        <div className="segments" role="group" aria-label="State of the samples">
          {STATES.map(([id, text]) => (
            <button
              key={id}
              type="button"
              className="segment"
              aria-pressed={id === state}
              onClick={() => select({ samples: id === 'open' ? undefined : id })}
            >
              {text}
            </button>
          ))}
        </div>
        {list.isPending ? <Loading label="Loading the samples" /> : null}
        {list.error !== null && rows.length === 0 ? <ErrorState error={list.error} retry={() => void list.refetch()} /> : null}
        {list.isSuccess && rows.length === 0 ? (
          <EmptyState title={`No ${state === 'claimed' ? 'taken' : state} samples`}>
            {state === 'open'
              ? 'Requests are chosen as they come; how many of them is said under Drift.'
              : 'Nothing is in this state.'}
          </EmptyState>
        ) : null}
        {rows.length > 0 ? <Samples rows={rows} /> : null}
        {list.hasNextPage ? <Button onClick={() => void list.fetchNextPage()}>Load more</Button> : null}
      </section>
    </div>
  );
}

function Samples({ rows }: { rows: readonly Sample[] }): ReactElement {
  return (
    <ScrollTable label="List of samples" heads={['Input', 'Answered', 'Version', 'Chosen for', 'Said', 'When']}>
      {rows.map((sample) => (
        <tr key={sample.sample_id}>
          <td className="sample-cell">
            <code className="truncate" title={JSON.stringify(sample.input_data)}>
              {JSON.stringify(sample.input_data)}
            </code>
          </td>
          <td className="sample-cell">
            <code className="truncate">{JSON.stringify(sample.output_data)}</code>
          </td>
          <td className="numeric">{sample.version === null ? '–' : `v${sample.version}`}</td>
          <td>{sample.reason.replaceAll('_', ' ')}</td>
          <td className="sample-cell">
            <Said sample={sample} />
          </td>
          <td>
            <Time at={sample.answered_at ?? sample.created_at} />
          </td>
        </tr>
      ))}
    </ScrollTable>
  );
}

function Said({ sample: { validation, claimed_by: claimed, answered_by: by, state } }: { sample: Sample }): ReactElement {
  if (validation !== null)
    return validation.match ? (
      <Badge tone="good" icon="check">
        Right
      </Badge>
    ) : (
      <span className="row">
        <Badge tone="danger" icon="close">
          Wrong
        </Badge>
        <code className="truncate">{JSON.stringify(validation.oracle_output)}</code>
      </span>
    );
  if (state === 'claimed' && claimed !== null) return <span>taken by {claimed}</span>;
  return <span className="muted">{by === null ? '–' : `by ${by}`}</span>;
}
