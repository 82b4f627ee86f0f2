import type { ArtifactSummary, RunDetail } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { api, serverUrl } from '../../shared/api/api.ts';
import { sizeText } from '../../shared/time/format.ts';
import { Time } from '../../shared/time/time.tsx';
import { Icon } from '../../shared/ui/icon.tsx';
import { phaseTitle } from '../../shared/ui/phase-title.ts';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { artifactsQuery } from './run-queries.ts';
import './artifacts.css';

/** The longest file that is shown in the page, in bytes; longer ones are there to download. */
const SHOWN_BYTES = 1024 * 1024;

/** The files that the phases made, and the one that is open. */
export function ArtifactsPanel({
  run,
  selected,
  onSelect,
}: {
  run: RunDetail;
  selected: string | undefined;
  onSelect: (artifactId: string | undefined) => void;
}): ReactElement {
  const { data, error, refetch } = useQuery(artifactsQuery(run.run_id));
  if (data === undefined)
    return error === null ? <Loading label="Loading the artifacts" /> : <ErrorState error={error} retry={() => void refetch()} />;
  const phases = Object.entries(data.artifacts_by_phase);
  if (data.total_count === 0)
    return (
      <EmptyState title="No artifacts yet">
        Phases write their files here while they run. Files that begin with “_” are internal and not shown.
      </EmptyState>
    );
  const open = phases.flatMap(([, artifacts]) => artifacts).find(({ artifact_id }) => artifact_id === selected);
  return (
    <div className="split">
      <nav aria-label="Artifacts" className="stack">
        {phases.map(([phase, artifacts]) => (
          <section key={phase}>
            <h2>{phaseTitle(phase)}</h2>
            <ul>
              {artifacts.map((artifact) => (
                <li key={artifact.artifact_id}>
                  <button
                    type="button"
                    className="artifact"
                    aria-current={artifact.artifact_id === selected}
                    onClick={() => onSelect(artifact.artifact_id)}
                  >
                    <Icon name="file" size={14} />
                    <span className="truncate grow">{artifact.name}</span>
                    <span className="muted nowrap">{sizeText(artifact.size_bytes)}</span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </nav>
      {open === undefined ? (
        <EmptyState title="Choose a file">
          {data.total_count} files in {phases.length} phases.
        </EmptyState>
      ) : (
        <Artifact run={run} artifact={open} />
      )}
    </div>
  );
}

function Artifact({ run, artifact }: { run: RunDetail; artifact: ArtifactSummary }): ReactElement {
  const path = `/api/v1/runs/${encodeURIComponent(run.run_id)}/artifacts/${encodeURIComponent(artifact.artifact_id)}/download`;
  return (
    <section className="stack" aria-label={artifact.name}>
      <div className="row">
        <h2 className="mono">{artifact.name}</h2>
        <span className="muted">
          {artifact.artifact_type} · {sizeText(artifact.size_bytes)} · <Time at={artifact.created_at} /> ·{' '}
          <code title={artifact.hash}>sha256:{artifact.hash.slice(0, 12)}…</code>
        </span>
        <span className="grow" />
        <a className="button button-small" href={serverUrl(path)} download>
          <Icon name="download" size={14} /> Download
        </a>
      </div>
      {artifact.size_bytes > SHOWN_BYTES ? (
        <p className="notice">The file is too large to be shown here ({sizeText(artifact.size_bytes)}).</p>
      ) : (
        <Content run={run} artifact={artifact} />
      )}
    </section>
  );
}

function Content({ run, artifact }: { run: RunDetail; artifact: ArtifactSummary }): ReactElement {
  const { data, error } = useQuery({
    // The content of a digest never changes.
    queryKey: ['artifact', run.run_id, artifact.artifact_id, artifact.hash],
    queryFn: () => api.runs.artifactText(run.run_id, artifact.artifact_id),
    staleTime: Infinity,
  });
  if (data === undefined) return error === null ? <Loading label="Loading the file" /> : <ErrorState error={error} />;
  if (data.includes('\u0000')) return <p className="notice">This is no text: download it to look at it.</p>;
  return (
    // Keyboards scroll what has the focus.
    <pre className="source" tabIndex={0} role="region" aria-label={`Content of ${artifact.name}`}>
      {data}
    </pre>
  );
}
