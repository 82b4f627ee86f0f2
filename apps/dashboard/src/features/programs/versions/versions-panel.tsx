import type { ProgramMetadata } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Time } from '../../../shared/time/time.tsx';
import { Badge } from '../../../shared/ui/badge.tsx';
import { SelectField } from '../../../shared/ui/field.tsx';
import { SourceView } from '../../../shared/ui/source-view.tsx';
import { EmptyState, ErrorState, Loading } from '../../../shared/ui/states.tsx';
import type { ProgramPanel } from '../program-page.tsx';
import { bundleQuery, versionsQuery } from '../program-queries.ts';
import type { ProgramSearch } from '../programs-search.ts';
import { AboutVersion } from './about-version.tsx';
import { BehaviourDiff } from './behaviour-diff.tsx';
import { SourceDiff } from './source-diff.tsx';
import { sourceOf } from './version-files.ts';

const VIEWS: readonly (readonly [NonNullable<ProgramSearch['view']>, string])[] = [
  ['code', 'Code'],
  ['about', 'Provenance'],
  ['code-diff', 'Code compared'],
  ['behaviour', 'Behaviour compared'],
];

/** The versions of a program; of one its code, where it came from, and how it differs from another one. */
export function VersionsPanel({ program, search, select }: ProgramPanel): ReactElement {
  const { data: versions, error, refetch } = useQuery(versionsQuery(program.name));
  if (versions === undefined)
    return error === null ? <Loading label="Loading the versions" /> : <ErrorState error={error} retry={() => void refetch()} />;
  const wanted = search.version ?? program.active_version ?? versions[0]?.version;
  const open = versions.find(({ version }) => version === wanted);
  return (
    <div className="version-split">
      <nav aria-label="Versions" className="versions">
        {versions.map((version) => (
          <button
            key={version.version}
            type="button"
            className="version"
            aria-current={version.version === wanted}
            onClick={() => select({ version: version.version, against: undefined })}
          >
            <span className="row">
              <strong>v{version.version}</strong>
              {version.version === program.active_version ? (
                <Badge tone="good" icon="check">
                  Active
                </Badge>
              ) : null}
              <span className="grow" />
              <span className="muted">
                <Time at={version.created_at} />
              </span>
            </span>
            <span className="muted mono truncate">
              {version.language} · {version.digest.slice(0, 12)}
            </span>
          </button>
        ))}
      </nav>
      {open === undefined ? (
        <EmptyState title={`There is no version ${wanted ?? ''}`}>Choose one of those that there are.</EmptyState>
      ) : (
        <Version key={open.version} versions={versions} open={open} program={program} search={search} select={select} />
      )}
    </div>
  );
}

function Version({
  versions,
  open,
  program,
  search,
  select,
}: ProgramPanel & { versions: readonly ProgramMetadata[]; open: ProgramMetadata }): ReactElement {
  const view = search.view ?? 'code';
  const others = versions.filter(({ version }) => version !== open.version);
  const against =
    others.find(({ version }) => version === search.against) ??
    others.find(({ version }) => version === open.version - 1) ??
    others[0];
  const isCompared = view === 'code-diff' || view === 'behaviour';
  return (
    <section className="stack version-open" aria-label={`Version ${open.version}`}>
      <div className="row">
        <h2>v{open.version}</h2>
        <div className="segments" role="group" aria-label="What is shown of the version">
          {VIEWS.map(([id, text]) => (
            <button
              key={id}
              type="button"
              className="segment"
              aria-pressed={id === view}
              onClick={() => select({ view: id === 'code' ? undefined : id })}
            >
              {text}
            </button>
          ))}
        </div>
        <span className="grow" />
        {isCompared && against !== undefined ? (
          <SelectField
            label="Compared with"
            hideLabel
            value={String(against.version)}
            onChange={({ target }) => select({ against: Number(target.value) })}
          >
            {others.map(({ version }) => (
              <option key={version} value={version}>
                with v{version}
              </option>
            ))}
          </SelectField>
        ) : null}
      </div>
      {isCompared && against === undefined ? (
        <EmptyState title="There is only one version">With a second one, this shows how they differ.</EmptyState>
      ) : null}
      {view === 'code' ? <Code name={program.name} version={open} /> : null}
      {view === 'about' ? <AboutVersion version={open} /> : null}
      {view === 'code-diff' && against !== undefined ? <SourceDiff name={program.name} from={against} to={open} /> : null}
      {view === 'behaviour' && against !== undefined ? (
        <BehaviourDiff program={program} candidate={open.version} incumbent={against.version} />
      ) : null}
    </section>
  );
}

function Code({ name, version }: { name: string; version: ProgramMetadata }): ReactElement {
  const { data, error, refetch } = useQuery(bundleQuery(name, version));
  if (data === undefined)
    return error === null ? <Loading label="Loading the code" /> : <ErrorState error={error} retry={() => void refetch()} />;
  const source = sourceOf(data);
  if (source === null) return <EmptyState title="No source">The version has no file that people read.</EmptyState>;
  return <SourceView name={source.name} text={source.text} />;
}
