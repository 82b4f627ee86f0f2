import { type Me, meSchema, permissionTableSchema } from '@loopwright/protocol';
import { queryOptions } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { api, setCsrfToken } from './api.ts';
import { may } from './may.ts';

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
