import type { ReactElement } from 'react';
import { useQuery } from '@tanstack/react-query';
import { ErrorState } from '../../shared/ui/states.tsx';
import { ScrollTable } from '../../shared/ui/scroll-table.tsx';
import { permissionsQuery } from './settings-queries.ts';

const ROLES = ['viewer', 'operator', 'admin'] as const;

/** What each role may: the table by which the server decides. */
export function RolesTable(): ReactElement {
  const { data, error, refetch } = useQuery(permissionsQuery);
  return (
    <details className="settings-section">
      <summary>What each role may</summary>
      {error === null ? null : <ErrorState error={error} retry={() => void refetch()} />}
      {data === undefined ? null : (
        <ScrollTable label="What each role may" heads={['Permission', ...ROLES]}>
          {data.permissions.map((permission) => (
            <tr key={permission}>
              <td>
                <code>{permission}</code>
              </td>
              {ROLES.map((role) => (
                <td key={role}>{data.roles[role].includes(permission) ? 'yes' : <span className="muted">no</span>}</td>
              ))}
            </tr>
          ))}
        </ScrollTable>
      )}
    </details>
  );
}
