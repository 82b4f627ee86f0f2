import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { ErrorState, Loading } from '../../shared/ui/states.tsx';
import { type Column, RowsTable } from './rows-table.tsx';
import { serverSettingsQuery } from './settings-queries.ts';

/** What the server keeps and lets go, by the setting that says for how many days. */
const KEPT = [
  ['executions_retention_days', 'Executions that have ended', 'With people’s answers and large values'],
  ['journal_retention_days', 'Journals of executions that have ended', 'With their own events; the result stays'],
  ['workspaces_retention_days', 'Workspaces of runs that have ended', 'Artifacts and checkpoints'],
  ['events_retention_days', 'Stream of all executions', 'How far back a reader can go on; each execution keeps its own events'],
  ['retention_days', 'Requests to programs', 'Inputs and outputs by day, of which samples and drift are made'],
  ['audit_retention_days', 'Audit log', 'Older entries are moved to files below the data folder, not lost'],
  ['webhook_log_days', 'Deliveries to webhooks', 'What was sent and what was answered'],
] as const;

interface Kept {
  readonly setting: string;
  readonly what: string;
  readonly note: string;
  readonly days: number | null;
  readonly isDefault: boolean;
}

const COLUMNS: readonly Column<Kept>[] = [
  {
    header: 'What',
    cell: ({ what, note }) => (
      <>
        <strong>{what}</strong> <span className="field-hint">{note}</span>
      </>
    ),
  },
  {
    header: 'Kept for',
    cell: ({ days, isDefault }) => (
      <span className="nowrap">
        {days === null ? 'ever' : `${days} ${days === 1 ? 'day' : 'days'}`}
        {isDefault ? null : <span className="muted"> (changed)</span>}
      </span>
    ),
  },
  { header: 'Setting', isWide: true, cell: ({ setting }) => <code>{setting}</code> },
];

/** For how long the server keeps what. */
export function RetentionPanel(): ReactElement {
  const { data, error, refetch } = useQuery(serverSettingsQuery);
  if (data === undefined)
    return error === null ? <Loading label="Loading the settings" /> : <ErrorState error={error} retry={() => void refetch()} />;
  const rows = KEPT.flatMap(([key, what, note]) => {
    const setting = data.settings.find((one) => one.key === key);
    if (setting === undefined) return [];
    return [
      { setting: key, what, note, days: typeof setting.value === 'number' ? setting.value : null, isDefault: setting.is_default },
    ];
  });
  return (
    <section className="settings-section">
      <h2>Retention</h2>
      <p className="muted measure">
        Examples, versions of programs and their promotion records are never removed. What is let go goes in the background, by
        settings that are read when the server starts.
      </p>
      <RowsTable label="Retention" rows={rows} rowKey={({ setting }) => setting} columns={COLUMNS} />
    </section>
  );
}
