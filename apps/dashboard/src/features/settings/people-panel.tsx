import { type Grant, type User, grantSchema, userSchema } from '@loopwright/protocol';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { api } from '../../shared/api/api.ts';
import { useSession } from '../../shared/api/session.tsx';
import { Time } from '../../shared/time/time.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { EmptyState } from '../../shared/ui/states.tsx';
import { showToast } from '../../shared/ui/toasts.tsx';
import { RolesTable } from './roles-table.tsx';
import { ListTable } from './list-table.tsx';
import type { Column } from './rows-table.tsx';
import type { PanelProps } from './settings-page.tsx';
import { grantsQuery, projectsQuery, usersQuery } from './settings-queries.ts';

const ROLES = ['viewer', 'operator', 'admin'] as const;

/** Who there is, what they may on the platform, and what in single projects. */
export function PeoplePanel({ search, onSearch }: PanelProps): ReactElement {
  return (
    <>
      <Users />
      <RolesTable />
      <Grants project={search.project} onProject={(project) => onSearch({ project })} />
    </>
  );
}

function Users(): ReactElement {
  const users = useInfiniteQuery(usersQuery);
  const queries = useQueryClient();
  const { me } = useSession();
  const change = useMutation({
    mutationFn: ({ user_id: id, role }: Pick<User, 'user_id' | 'role'>) =>
      api.call({ method: 'PATCH', path: `/api/v1/users/${encodeURIComponent(id)}`, answer: userSchema, json: { role } }),
    onSuccess: ({ user_id: id, stored_role: role }) => showToast(`${id} is ${role} now`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['settings', 'users'] }),
  });
  const columns: readonly Column<User>[] = [
    {
      header: 'Person',
      cell: ({ user_id: id, name }) => (
        <>
          <strong>{name ?? id}</strong> {name === null ? null : <span className="muted">{id}</span>}{' '}
          {id === me.user_id ? <span className="muted">(you)</span> : null}
        </>
      ),
    },
    { header: 'E-mail', isWide: true, cell: ({ email }) => email ?? '–' },
    { header: 'Last seen', isWide: true, cell: ({ last_seen_at: at }) => <Time at={at} /> },
    {
      header: 'Role',
      cell: ({ user_id: id, stored_role: role }) => (
        <SelectField
          label={`Role of ${id}`}
          hideLabel
          value={role}
          disabled={change.isPending}
          onChange={({ target }) => change.mutate({ user_id: id, role: target.value as User['role'] })}
        >
          {ROLES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </SelectField>
      ),
    },
  ];
  return (
    <section className="settings-section">
      <h2>People</h2>
      <p className="muted">
        What they may everywhere, unless a project says otherwise. The role here counts for keys and sign-ins; whoever uses the
        development identity on the machine of the server is an administrator.
      </p>
      <ListTable
        label="People"
        query={users}
        rowsOf={({ users: rows }) => rows}
        rowKey={({ user_id }) => user_id}
        columns={columns}
        empty={<EmptyState title="Nobody has been here">Whoever makes a request stands here from then on.</EmptyState>}
      />
    </section>
  );
}

function Grants({
  project,
  onProject,
}: {
  project: string | undefined;
  onProject: (project: string | undefined) => void;
}): ReactElement {
  const projects = useInfiniteQuery(projectsQuery);
  const names = projects.data?.pages.flatMap((page) => page.projects.map(({ project_id }) => project_id)) ?? [];
  return (
    <section className="settings-section">
      <h2>Roles in single projects</h2>
      <div className="settings-filters">
        <SelectField
          label="Project"
          value={project ?? ''}
          onChange={({ target: { value } }) => onProject(value === '' ? undefined : value)}
        >
          <option value="">Choose…</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      </div>
      {project === undefined ? null : <GrantsOf key={project} project={project} />}
    </section>
  );
}

function GrantsOf({ project }: { project: string }): ReactElement {
  const grants = useInfiniteQuery(grantsQuery(project));
  const queries = useQueryClient();
  const [person, setPerson] = useState('');
  const [role, setRole] = useState<Grant['role']>('viewer');
  const path = (userId: string): string => `/api/v1/projects/${encodeURIComponent(project)}/grants/${encodeURIComponent(userId)}`;
  const onSettled = (): Promise<void> => queries.invalidateQueries({ queryKey: ['settings', 'grants', project] });
  const give = useMutation({
    mutationFn: () => api.call({ method: 'PUT', path: path(person.trim()), answer: grantSchema, json: { role } }),
    onSuccess: () => {
      showToast(`${person.trim()} has the role ${role} in ${project}`);
      setPerson('');
    },
    onSettled,
  });
  const take = useMutation({
    mutationFn: ({ user_id: id }: Grant) => api.call({ method: 'DELETE', path: path(id), answer: grantSchema }),
    onSuccess: ({ user_id: id }) => showToast(`In ${project} the role of ${id} on the platform counts again`),
    onSettled,
  });
  const columns: readonly Column<Grant>[] = [
    { header: 'Person', cell: ({ user_id: id }) => <strong>{id}</strong> },
    { header: 'Role here', cell: ({ role: has }) => (has === 'none' ? 'none: the project is hidden' : has) },
    { header: 'Given by', isWide: true, cell: ({ granted_by: by }) => by },
    { header: 'Given', isWide: true, cell: ({ granted_at: at }) => <Time at={at} /> },
    {
      header: <span className="visually-hidden">Do</span>,
      cell: (grant) => (
        <span className="actions">
          <Button
            small
            disabled={take.isPending}
            aria-label={`Take the role of ${grant.user_id}`}
            onClick={() => take.mutate(grant)}
          >
            Take away
          </Button>
        </span>
      ),
    },
  ];
  return (
    <>
      <form
        className="settings-filters"
        onSubmit={(event) => {
          event.preventDefault();
          give.mutate();
        }}
      >
        <TextField label="Person" maxLength={200} required value={person} onText={setPerson} />
        <SelectField label="Role" value={role} onChange={({ target }) => setRole(target.value as Grant['role'])}>
          <option value="none">none: hidden</option>
          {ROLES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </SelectField>
        <Button type="submit" disabled={give.isPending || person.trim() === ''}>
          Give the role
        </Button>
      </form>
      <ListTable
        label={`Roles in ${project}`}
        query={grants}
        rowsOf={({ grants: rows }) => rows}
        rowKey={({ user_id }) => user_id}
        columns={columns}
        empty={<p className="muted">Nobody has a role of their own here: the roles on the platform count.</p>}
      />
    </>
  );
}
