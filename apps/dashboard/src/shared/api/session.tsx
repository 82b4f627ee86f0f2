import { type Me, meSchema, permissionTableSchema } from '@loopwright/protocol';
import { queryOptions } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { api, setCsrfToken } from './api.ts';

/** Who is signed in, and what they may. */
export interface Session {
  readonly me: Me;
  /** Whether a permission such as `executions:write` is had, in a project, or without one on the platform. For showing controls: the server decides. */
  readonly can: (permission: string, projectId?: string) => boolean;
}

/** The session of this browser. Fails with UNAUTHORIZED when nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  retry: false,
  staleTime: Infinity,
  queryFn: async (): Promise<Session> => {
    const [me, { roles }] = await Promise.all([
      api.call({ method: 'GET', path: '/api/v1/me', answer: meSchema }),
      api.call({ method: 'GET', path: '/api/v1/permissions', answer: permissionTableSchema }),
    ]);
    setCsrfToken(me.csrf_token);
    return { me, can: (permission, projectId) => may(me, roles, { permission, projectId }) };
  },
});

const SessionContext = createContext<Session | null>(null);

/** Gives the session to the components below. */
export const SessionProvider = SessionContext.Provider;

/** Who is signed in; only below the sign-in page. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('Cannot use the session: nobody is signed in');
  return session;
}

const ORDER = ['viewer', 'operator', 'admin'] as const;

/** What the server would say, from the table that it decides by. */
export function may(
  me: Pick<Me, 'role' | 'grants' | 'role_cap' | 'scopes' | 'projects'>,
  roles: Readonly<Record<string, readonly string[] | undefined>>,
  { permission, projectId }: { permission: string; projectId: string | undefined },
): boolean {
  if (me.scopes !== null && !me.scopes.includes(permission)) return false;
  if (projectId !== undefined && me.projects !== null && !me.projects.includes(projectId)) return false;
  const granted = projectId === undefined ? undefined : me.grants.find(({ project_id }) => project_id === projectId)?.role;
  const role = granted ?? me.role;
  const capped = me.role_cap === null || ORDER.indexOf(role) <= ORDER.indexOf(me.role_cap) ? role : me.role_cap;
  return roles[capped]?.includes(permission) ?? false;
}
