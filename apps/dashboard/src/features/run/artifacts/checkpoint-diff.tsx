import { type CheckpointView, type RunDetail, checkpointComparisonSchema } from '@loopwright/protocol';
import { parsePatch } from 'diff';
import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { api } from '../../../shared/api/api.ts';
import { SelectField } from '../../../shared/ui/field.tsx';
import { phaseTitle } from '../../../shared/ui/phase-title.ts';
import { EmptyState, ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { checkpointsQuery, runKey } from '../run-queries.ts';
import { Hunks } from '../../../shared/ui/diff-view.tsx';

/** What changed in the files of the run between two of its checkpoints. */
export function CheckpointDiff({ run }: { run: RunDetail }): ReactElement {
  const { data, error } = useQuery(checkpointsQuery(run.run_id));
  const [chosen, choose] = useState<{ from?: string; to?: string }>({});
  if (data === undefined) return error === null ? <Loading label="Loading the checkpoints" /> : <ErrorState error={error} />;
  const { checkpoints } = data;
  const from = chosen.from ?? checkpoints[0]?.checkpoint_id;
  const to = chosen.to ?? checkpoints.at(-1)?.checkpoint_id;
  if (from === undefined || to === undefined || checkpoints.length < 2)
    return (
      <EmptyState title="Nothing to compare">
        The run has fewer than two checkpoints; one is made before and after each phase.
      </EmptyState>
    );
  return (
    <section className="stack" aria-label="Two checkpoints">
      <div className="row">
        <Choice label="From" checkpoints={checkpoints} value={from} onChange={(id) => choose({ ...chosen, from: id })} />
        <Choice label="To" checkpoints={checkpoints} value={to} onChange={(id) => choose({ ...chosen, to: id })} />
      </div>
      {from === to ? <p className="notice">Choose two different checkpoints.</p> : <Comparison run={run} from={from} to={to} />}
    </section>
  );
}

function Choice({
  label,
  checkpoints,
  value,
  onChange,
}: {
  label: string;
  checkpoints: readonly CheckpointView[];
  value: string;
  onChange: (id: string) => void;
}): ReactElement {
  return (
    <SelectField label={label} value={value} onText={onChange}>
      {checkpoints.map(({ checkpoint_id: id, checkpoint_type: type, phase, version }) => (
        <option key={id} value={id}>
          {type === 'pre' ? 'Before' : 'After'} {phaseTitle(phase)}
          {version > 1 ? `, time ${version}` : ''}
        </option>
      ))}
    </SelectField>
  );
}

function Comparison({ run, from, to }: { run: RunDetail; from: string; to: string }): ReactElement {
  const query = new URLSearchParams({ from, to }).toString();
  const { data, error } = useQuery({
    queryKey: [...runKey(run.run_id), 'compare', from, to],
    queryFn: () =>
      api.call({
        method: 'GET',
        path: `/api/v1/runs/${encodeURIComponent(run.run_id)}/checkpoints/compare?${query}`,
        answer: checkpointComparisonSchema,
      }),
  });
  if (data === undefined) return error === null ? <Loading label="Comparing" /> : <ErrorState error={error} />;
  const { added, removed, changed, unchanged } = data.files;
  return (
    <div className="stack">
      <p className="muted">
        {added.length} added, {removed.length} removed, {changed.length} changed, {unchanged} the same.
      </p>
      <ul>
        {added.map(({ path }) => (
          <li key={path} className="diff-added mono">
            + {path}
          </li>
        ))}
        {removed.map(({ path }) => (
          <li key={path} className="diff-removed mono">
            − {path}
          </li>
        ))}
      </ul>
      {changed.map(({ path, diff, diff_reason: reason }) => (
        <section key={path} className="stack">
          <h2 className="mono">{path}</h2>
          {diff === null ? (
            <p className="notice">{reason}</p>
          ) : (
            <Hunks hunks={parsePatch(diff).flatMap(({ hunks }) => hunks)} label={`What changed in ${path}`} />
          )}
        </section>
      ))}
    </div>
  );
}
