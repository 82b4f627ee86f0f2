import type { ArtifactSummary, RunDetail } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { api } from '../../../shared/api/api.ts';
import { SelectField } from '../../../shared/ui/field.tsx';
import { ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { artifactsQuery } from '../run-queries.ts';
import { artifactTextQuery } from './artifact-text.ts';
import { DiffView } from '../../../shared/ui/diff-view.tsx';

/** How many other runs are offered. */
const OFFERED = 50;

/** A file beside the one of the same phase and name in another run of the profile. */
export function CompareRun({ run, artifact, text }: { run: RunDetail; artifact: ArtifactSummary; text: string }): ReactElement {
  const [other, setOther] = useState(run.cloned_from ?? '');
  const { data: list } = useQuery({
    queryKey: ['runs', 'of-profile', run.profile],
    queryFn: () => api.runs.list({ profile: run.profile, limit: OFFERED }),
  });
  const offered = (list?.runs ?? []).filter(({ run_id }) => run_id !== run.run_id);
  return (
    <div className="stack">
      <SelectField label="With the same file of the run" value={other} onText={setOther}>
        <option value="">Choose…</option>
        {offered.map(({ run_id, project_name, status }) => (
          <option key={run_id} value={run_id}>
            {project_name ?? 'Unnamed'} {run_id.slice(0, 8)}, {status}
            {run_id === run.cloned_from ? ' (cloned from)' : ''}
          </option>
        ))}
      </SelectField>
      {other === '' ? null : <Compared runId={other} artifact={artifact} text={text} />}
    </div>
  );
}

function Compared({ runId, artifact, text }: { runId: string; artifact: ArtifactSummary; text: string }): ReactElement {
  const { data, error } = useQuery(artifactsQuery(runId));
  if (data === undefined)
    return error === null ? <Loading label="Loading the other run" lines={3} /> : <ErrorState error={error} />;
  const same = data.artifacts_by_phase[artifact.phase]?.find(({ name }) => name === artifact.name);
  if (same === undefined) return <p className="notice">The other run has no such file.</p>;
  if (same.hash === artifact.hash) return <p className="notice">The two are the same.</p>;
  return <LoadedDiff runId={runId} other={same} text={text} />;
}

function LoadedDiff({ runId, other, text }: { runId: string; other: ArtifactSummary; text: string }): ReactElement {
  const { data, error } = useQuery(artifactTextQuery(runId, other));
  if (data === undefined)
    return error === null ? <Loading label="Loading the other file" lines={3} /> : <ErrorState error={error} />;
  return <DiffView before={data} after={text} label={`${other.name}: the other run before, this run after`} />;
}
