import type { RunDetail } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, type ReactElement, useState } from 'react';
import { sizeText } from '../../../shared/time/format.ts';
import { Button } from '../../../shared/ui/button.tsx';
import { Icon } from '../../../shared/ui/icon.tsx';
import { phaseTitle } from '../../../shared/ui/phase-title.ts';
import { EmptyState, ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { artifactsQuery } from '../run-queries.ts';
import { ArtifactView } from './artifact-view.tsx';
import { type Folder, baseName, treeOf } from './artifact-tree.ts';
import './artifacts.css';

const CheckpointDiff = lazy(async () => ({ default: (await import('./checkpoint-diff.tsx')).CheckpointDiff }));

interface Selection {
  readonly selected: string | undefined;
  readonly onSelect: (artifactId: string | undefined) => void;
}

/** The files that the phases made, and the one that is open; or what changed between two checkpoints. */
export function ArtifactsPanel({ run, selected, onSelect }: Selection & { run: RunDetail }): ReactElement {
  const [isComparing, compare] = useState(false);
  const { data, error, refetch } = useQuery(artifactsQuery(run.run_id));
  if (data === undefined)
    return error === null ? <Loading label="Loading the artifacts" /> : <ErrorState error={error} retry={() => void refetch()} />;
  const phases = Object.entries(data.artifacts_by_phase);
  const open = phases.flatMap(([, artifacts]) => artifacts).find(({ artifact_id }) => artifact_id === selected);
  if (data.total_count === 0)
    return (
      <EmptyState title="No artifacts yet">
        Phases write their files here while they run. Files that begin with “_” are internal and not shown.
      </EmptyState>
    );
  return (
    <div className="split">
      <nav aria-label="Artifacts" className="stack">
        {phases.map(([phase, artifacts]) => (
          <section key={phase}>
            <h2>{phaseTitle(phase)}</h2>
            <FolderList
              folder={treeOf(artifacts)}
              selected={isComparing ? undefined : selected}
              onSelect={(id) => (compare(false), onSelect(id))}
            />
          </section>
        ))}
        <Button small aria-pressed={isComparing} onClick={() => compare(!isComparing)}>
          Compare two checkpoints
        </Button>
      </nav>
      {isComparing ? (
        <Suspense fallback={<Loading label="Loading" />}>
          <CheckpointDiff run={run} />
        </Suspense>
      ) : open === undefined ? (
        <EmptyState title="Choose a file">
          {data.total_count} files in {phases.length} phases.
        </EmptyState>
      ) : (
        <ArtifactView key={open.artifact_id} run={run} artifact={open} />
      )}
    </div>
  );
}

function FolderList({ folder, selected, onSelect }: Selection & { folder: Folder }): ReactElement {
  return (
    <ul>
      {folder.folders.map((inner) => (
        <li key={inner.name}>
          <details open className="folder">
            <summary>{inner.name}/</summary>
            <FolderList folder={inner} selected={selected} onSelect={onSelect} />
          </details>
        </li>
      ))}
      {folder.files.map((artifact) => (
        <li key={artifact.artifact_id}>
          <button
            type="button"
            className="artifact"
            aria-current={artifact.artifact_id === selected}
            onClick={() => onSelect(artifact.artifact_id)}
          >
            <Icon name="file" size={14} />
            <span className="truncate grow">{baseName(artifact)}</span>
            <span className="muted nowrap">{sizeText(artifact.size_bytes)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
