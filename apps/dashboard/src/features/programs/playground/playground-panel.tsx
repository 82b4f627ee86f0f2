import type { ProgramMetadata } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { EmptyState, ErrorState, Loading } from '../../../shared/ui/states.tsx';
import type { ProgramPanel } from '../program-page.tsx';
import { versionsQuery } from '../program-queries.ts';
import { Playground } from './playground.tsx';

/** Trying the program as it is served. */
export function PlaygroundPanel({ program }: ProgramPanel): ReactElement {
  const { data: versions, error, refetch } = useQuery(versionsQuery(program.name));
  if (versions === undefined)
    return error === null ? <Loading label="Loading the schema" /> : <ErrorState error={error} retry={() => void refetch()} />;
  const active: ProgramMetadata | undefined = versions.find(({ version }) => version === program.active_version);
  if (active === undefined)
    return (
      <EmptyState title="No version is active">
        A program answers as soon as one of its versions is active: by a workflow that promotes it, or by hand in the overview.
      </EmptyState>
    );
  if (program.edge_url === null)
    return (
      <EmptyState title="The edge runtime is not running">
        It serves the programs, and is started again by itself. The health of the server says more.
      </EmptyState>
    );
  return <Playground key={active.version} program={program} active={active} />;
}
