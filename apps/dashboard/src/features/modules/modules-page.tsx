import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { useSession } from '../../shared/api/session.tsx';
import { countText } from '../../shared/time/format.ts';
import { Time } from '../../shared/time/time.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { ModuleDetail } from './module-detail.tsx';
import { ModuleStatus } from './module-status.tsx';
import { type ModuleRow, modulesQuery } from './modules-queries.ts';
import './modules.css';
import { type Head, ScrollTable } from '../../shared/ui/scroll-table.tsx';

const route = getRouteApi('/modules');

/** `/modules`: what runs beside the server, how it is, what it says, and what can be done with it. */
export function ModulesPage(): ReactElement {
  const search = route.useSearch();
  const { can } = useSession();
  const { data: modules, error, refetch } = useQuery(modulesQuery(can('modules:read')));
  const open = modules?.find(({ name }) => name === search.module) ?? (search.module === undefined ? modules?.[0] : undefined);
  const running = modules?.filter(({ status }) => status === 'running').length ?? 0;
  return (
    <div className="page">
      <div className="page-head">
        <h1>Modules</h1>
        <span className="muted numeric" role="status">
          {modules === undefined ? '' : `${running} of ${modules.length} running`}
        </span>
      </div>
      {error === null ? null : <ErrorState error={error} retry={() => void refetch()} />}
      {modules === undefined && error === null ? <Loading label="Loading the modules" lines={4} /> : null}
      {modules?.length === 0 ? (
        <EmptyState title="No module runs beside this server">
          The edge runtime and the generation service run on hosts of their own, or this server was started without them.
        </EmptyState>
      ) : null}
      {modules === undefined || modules.length === 0 ? null : <ModuleTable modules={modules} open={open} />}
      {modules !== undefined && search.module !== undefined && open === undefined ? (
        <EmptyState title={`There is no module “${search.module}”`}>Choose one of the table above.</EmptyState>
      ) : null}
      {open === undefined ? null : <ModuleDetail key={open.name} row={open} search={search} />}
    </div>
  );
}

const HEADS: readonly Head[] = [
  'Module',
  'State',
  'Since',
  { text: 'Restarts', className: 'end' },
  { text: 'Last exit', className: 'modules-wide' },
  { text: 'Requests now', className: 'end modules-wide' },
  { text: 'Memory', className: 'end modules-wide' },
];

function ModuleTable({ modules, open }: { modules: readonly ModuleRow[]; open: ModuleRow | undefined }): ReactElement {
  return (
    <ScrollTable label="Modules" heads={HEADS}>
      {modules.map((row) => (
        <tr key={row.name} data-selected={row === open}>
          <td>
            <Link to="/modules" search={{ module: row.name }} aria-current={row === open ? 'true' : undefined}>
              <strong>{row.name}</strong>
            </Link>
          </td>
          <td>
            <ModuleStatus status={row.status} />
          </td>
          <td>
            <Time at={row.since} />
          </td>
          <td className="end numeric">{countText(row.restarts)}</td>
          <td className="modules-wide">{row.last_exit?.reason ?? <span className="muted">–</span>}</td>
          <td className="end numeric modules-wide">
            {row.more === null ? <span className="muted">–</span> : countText(row.more.requests_in_flight)}
          </td>
          <td className="end numeric modules-wide">
            {row.more?.usage == null ? <span className="muted">–</span> : `${Math.round(row.more.usage.memory_mb)} MB`}
          </td>
        </tr>
      ))}
    </ScrollTable>
  );
}
