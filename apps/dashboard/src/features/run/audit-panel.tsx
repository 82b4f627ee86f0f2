import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { AuditTable } from '../../shared/audit/audit-table.tsx';
import { EmptyState } from '../../shared/ui/states.tsx';
import { type Executed, auditQuery } from './run-queries.ts';

/** Who changed or decided what, the newest first. */
export function AuditPanel({ run }: { run: Pick<Executed, 'run_id'> }): ReactElement {
  const query = useInfiniteQuery(auditQuery(run.run_id));
  const empty = <EmptyState title="Nothing was changed">No request has changed this, or you may not see who did.</EmptyState>;
  return <AuditTable label="Audit" query={query} empty={empty} className="panel-tall" isAboutOne />;
}
