import { getRouteApi } from '@tanstack/react-router';
import { type ComponentType, type ReactElement, Suspense, lazy } from 'react';
import { useSession } from '../../shared/api/session.tsx';
import { EmptyState, Loading } from '../../shared/ui/states.tsx';
import { Tabs } from '../../shared/ui/tabs.tsx';
import type { SettingsSearch, SettingsTab } from './settings-search.ts';
import './settings.css';

const route = getRouteApi('/settings');

/** What every part of the settings is given. */
export interface PanelProps {
  readonly search: SettingsSearch;
  readonly onSearch: (next: Partial<SettingsSearch>) => void;
}

interface Part {
  readonly id: SettingsTab;
  readonly label: string;
  readonly Panel: ComponentType<PanelProps>;
  /** The permission without which the part is not for the viewer. */
  readonly need?: string;
}

const PARTS: readonly Part[] = [
  {
    id: 'keys',
    label: 'Keys and sessions',
    Panel: lazy(async () => ({ default: (await import('./keys-panel.tsx')).KeysPanel })),
  },
  {
    id: 'people',
    label: 'People',
    need: 'users:admin',
    Panel: lazy(async () => ({ default: (await import('./people-panel.tsx')).PeoplePanel })),
  },
  {
    id: 'webhooks',
    label: 'Webhooks',
    need: 'webhooks:read',
    Panel: lazy(async () => ({ default: (await import('./webhooks-panel.tsx')).WebhooksPanel })),
  },
  {
    id: 'providers',
    label: 'Providers',
    need: 'workflows:read',
    Panel: lazy(async () => ({ default: (await import('./providers-panel.tsx')).ProvidersPanel })),
  },
  {
    id: 'retention',
    label: 'Retention',
    need: 'users:admin',
    Panel: lazy(async () => ({ default: (await import('./retention-panel.tsx')).RetentionPanel })),
  },
  {
    id: 'audit',
    label: 'Audit log',
    need: 'audit:read',
    Panel: lazy(async () => ({ default: (await import('./audit-log-panel.tsx')).AuditLogPanel })),
  },
  {
    id: 'server',
    label: 'Server',
    Panel: lazy(async () => ({ default: (await import('./server-panel.tsx')).ServerPanel })),
  },
];

/** `/settings`: who may what, who is told, who did what, and what the server was started with. */
export function SettingsPage(): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { can, me } = useSession();
  const onSearch = (next: Partial<SettingsSearch>): void =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  const tabs = PARTS.map(({ id, label, need, Panel }) => ({
    id,
    label,
    panel:
      need !== undefined && !can(need) ? (
        <EmptyState title="This is not for you to see">
          It needs the permission {need}; you are {me.role} here. An administrator can change that under People.
        </EmptyState>
      ) : (
        <Suspense fallback={<Loading label={`Loading ${label}`} />}>
          <Panel search={search} onSearch={onSearch} />
        </Suspense>
      ),
  }));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Settings</h1>
      </div>
      <Tabs
        label="Parts of the settings"
        tabs={tabs}
        selected={search.tab ?? 'keys'}
        onSelect={(tab) => void navigate({ search: { tab: tab as SettingsTab } })}
      />
    </div>
  );
}
