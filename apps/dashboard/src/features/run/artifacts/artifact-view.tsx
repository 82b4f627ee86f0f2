import type { ArtifactSummary, RunDetail } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, type ReactElement, useState } from 'react';
import { serverUrl } from '../../../shared/api/api.ts';
import { sizeText } from '../../../shared/time/format.ts';
import { Time } from '../../../shared/time/time.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { Icon } from '../../../shared/ui/icon.tsx';
import { ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { artifactTextQuery } from './artifact-text.ts';
import { kindOf } from './file-kind.ts';

const MarkdownView = lazy(async () => ({ default: (await import('./markdown-view.tsx')).MarkdownView }));
const SourceView = lazy(async () => ({ default: (await import('../../../shared/ui/source-view.tsx')).SourceView }));
const TableView = lazy(async () => ({ default: (await import('./table-view.tsx')).TableView }));
const CompareRun = lazy(async () => ({ default: (await import('./compare-run.tsx')).CompareRun }));
const ImageView = lazy(async () => ({ default: (await import('./image-view.tsx')).ImageView }));

/** The longest file that is shown in the page, in bytes; longer ones are there to download. */
const SHOWN_BYTES = 2 * 1024 * 1024;

type View = 'shown' | 'source' | 'compare';

/** One file: shown as what it is, as source, or beside that of another run. */
export function ArtifactView({ run, artifact }: { run: RunDetail; artifact: ArtifactSummary }): ReactElement {
  const [view, setView] = useState<View>('shown');
  const path = `/api/v1/runs/${encodeURIComponent(run.run_id)}/artifacts/${encodeURIComponent(artifact.artifact_id)}/download`;
  const kind = kindOf(artifact.name);
  const views: readonly [View, string][] = [
    ['shown', kind === 'source' ? 'Source' : 'Shown'],
    ...(kind === 'source' ? [] : [['source', 'Source'] as [View, string]]),
    ['compare', 'Compare'],
  ];
  return (
    <section className="stack" aria-label={artifact.name}>
      <div className="row">
        <h2 className="mono">{artifact.name}</h2>
        <span className="muted">
          {artifact.artifact_type} · {sizeText(artifact.size_bytes)} · <Time at={artifact.created_at} /> ·{' '}
          <code title={artifact.hash}>sha256:{artifact.hash.slice(0, 12)}…</code>
        </span>
        <span className="grow" />
        <span className="row" role="group" aria-label="How the file is shown">
          {views.map(([id, label]) => (
            <Button key={id} small look={id === view ? 'normal' : 'quiet'} aria-pressed={id === view} onClick={() => setView(id)}>
              {label}
            </Button>
          ))}
        </span>
        <a className="button button-small" href={serverUrl(path)} download>
          <Icon name="download" size={14} /> Download
        </a>
      </div>
      <Suspense fallback={<Loading label="Loading the file" />}>
        {artifact.size_bytes > SHOWN_BYTES ? (
          <p className="notice">The file is too large to be shown here ({sizeText(artifact.size_bytes)}).</p>
        ) : kind === 'image' && view === 'shown' ? (
          <ImageView name={artifact.name} url={serverUrl(path)} hash={artifact.hash} />
        ) : (
          <TextContent run={run} artifact={artifact} view={view} />
        )}
      </Suspense>
    </section>
  );
}

function TextContent({ run, artifact, view }: { run: RunDetail; artifact: ArtifactSummary; view: View }): ReactElement {
  const { data, error } = useQuery(artifactTextQuery(run.run_id, artifact));
  if (data === undefined) return error === null ? <Loading label="Loading the file" /> : <ErrorState error={error} />;
  if (data.includes('\u0000')) return <p className="notice">This is no text: download it to look at it.</p>;
  if (view === 'compare') return <CompareRun run={run} artifact={artifact} text={data} />;
  const kind = view === 'source' ? 'source' : kindOf(artifact.name);
  if (kind === 'markdown') return <MarkdownView text={data} />;
  return kind === 'table' ? <TableView name={artifact.name} text={data} /> : <SourceView name={artifact.name} text={data} />;
}
