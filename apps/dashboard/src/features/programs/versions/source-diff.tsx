import type { ProgramMetadata } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { DiffView } from '../../../shared/ui/diff-view.tsx';
import { EmptyState, ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { bundleQuery } from '../program-queries.ts';
import { sourceOf } from './version-files.ts';

/** How the code of two versions differs, line by line. */
export function SourceDiff({ name, from, to }: { name: string; from: ProgramMetadata; to: ProgramMetadata }): ReactElement {
  const before = useQuery(bundleQuery(name, from));
  const after = useQuery(bundleQuery(name, to));
  const error = before.error ?? after.error;
  if (from.digest === to.digest) return <EmptyState title="The code is the same">Both versions have the same digest.</EmptyState>;
  if (before.data === undefined || after.data === undefined)
    return error === null ? <Loading label="Loading the code" /> : <ErrorState error={error} />;
  return (
    <DiffView
      before={sourceOf(before.data)?.text ?? ''}
      after={sourceOf(after.data)?.text ?? ''}
      label={`Code from v${from.version} to v${to.version}`}
    />
  );
}
