import type { ServerSetting } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { serverUrl } from '../../shared/api/api.ts';
import { useSession } from '../../shared/api/session.tsx';
import { durationText } from '../../shared/time/format.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { PageLink } from '../../shared/ui/page-link.tsx';
import { EmptyState, ErrorState, Loading, Stat } from '../../shared/ui/states.tsx';
import { TypedField } from '../../shared/ui/typed-field.tsx';
import { type Column, RowsTable } from './rows-table.tsx';
import type { PanelProps } from './settings-page.tsx';
import { healthQuery, readinessQuery, serverSettingsQuery } from './settings-queries.ts';

/** Whether the server is well, and what it was started with. */
export function ServerPanel({ search, onSearch }: PanelProps): ReactElement {
  const { can } = useSession();
  return (
    <>
      <Health />
      <section className="settings-section">
        <div className="row">
          <h2>Settings in effect</h2>
          <TypedField
            type="search"
            label="Find"
            value={search.find}
            onValue={(find) => onSearch({ find })}
            placeholder="retention"
          />
        </div>
        {can('users:admin') ? (
          <SettingsTable find={search.find ?? ''} />
        ) : (
          <EmptyState title="Administrators see the settings">
            They say which folders, hosts and limits the server has.
          </EmptyState>
        )}
      </section>
      <p className="muted">
        <PageLink path="/api-docs">API</PageLink> · <a href={serverUrl('/metrics')}>Figures for Prometheus</a>
      </p>
    </>
  );
}

function Health(): ReactElement {
  const { data: health, error, refetch } = useQuery(healthQuery);
  const { data: readiness } = useQuery(readinessQuery);
  if (health === undefined)
    return error === null ? (
      <Loading label="Loading the health" lines={3} />
    ) : (
      <ErrorState error={error} retry={() => void refetch()} />
    );
  const faults = [health.store_fault, health.policy_fault].filter((fault) => fault !== undefined);
  const unready = readiness?.checks.filter(({ ready }) => !ready) ?? [];
  return (
    <section className="settings-section">
      <h2>Health</h2>
      <dl className="stats">
        <Stat
          label="Server"
          value={
            <Badge tone={health.status === 'healthy' ? 'good' : 'warn'} icon={health.status === 'healthy' ? 'check' : 'warning'}>
              {health.status === 'healthy' ? 'Healthy' : 'Degraded'}
            </Badge>
          }
        />
        <Stat label="Version" value={health.version} />
        <Stat label="Up for" value={durationText(health.uptime_seconds)} />
        <Stat
          label="Takes work"
          value={readiness === undefined ? null : readiness.ready ? 'Yes' : 'No'}
          reason="the server has not said so"
        />
        {health.modules.map(({ id, status, restarts }) => (
          <Stat key={id} label={`Module ${id}`} value={`${status}${restarts === 0 ? '' : `, ${restarts} restarts`}`} />
        ))}
      </dl>
      {faults.map((fault) => (
        <p key={fault} className="field-error" role="alert">
          {fault}
        </p>
      ))}
      {unready.map(({ name, reason }) => (
        <p key={name} className="field-error">
          {name}: {reason ?? 'not ready'}
        </p>
      ))}
    </section>
  );
}

const COLUMNS: readonly Column<ServerSetting>[] = [
  { header: 'Setting', cell: ({ key }) => <code>{key}</code> },
  {
    header: 'Value',
    cell: ({ value, is_secret: isSecret, is_default: isDefault }) => (
      <span className="settings-value">
        {isSecret ? <span className="muted">{isDefault ? 'not set' : 'set; secret'}</span> : <code>{JSON.stringify(value)}</code>}{' '}
        {isDefault ? null : <Badge tone="info">Changed</Badge>}
      </span>
    ),
  },
  { header: 'What it is', isWide: true, cell: ({ description }) => description },
  { header: 'Set by', isWide: true, cell: ({ variables }) => <code>{variables[0]}</code> },
];

function SettingsTable({ find }: { find: string }): ReactElement {
  const { data, error, refetch } = useQuery(serverSettingsQuery);
  if (data === undefined)
    return error === null ? <Loading label="Loading the settings" /> : <ErrorState error={error} retry={() => void refetch()} />;
  const words = find.toLowerCase().split(/\s+/u).filter(Boolean);
  const fits = ({ key, description }: ServerSetting): boolean =>
    words.every((word) => `${key} ${description}`.toLowerCase().includes(word));
  const rows = data.settings.filter(fits);
  if (rows.length === 0) return <EmptyState title="No setting fits">None has these words in its name or description.</EmptyState>;
  return <RowsTable label="Settings in effect" rows={rows} rowKey={({ key }) => key} columns={COLUMNS} />;
}
