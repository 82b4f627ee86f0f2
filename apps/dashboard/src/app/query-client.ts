import { PlatformError } from '@loopwright/protocol';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { isSignedOut } from '../shared/api/api.ts';
import { sessionQuery } from '../shared/api/session.tsx';
import { showToast } from '../shared/ui/toasts.tsx';

const RETRIES = 2;

/** Asks again who is signed in, when somebody was: nobody, so that the sign-in page comes. */
export function checkSession(error: unknown): void {
  const wasSignedIn = queryClient.getQueryData(sessionQuery.queryKey) !== undefined;
  if (wasSignedIn && isSignedOut(error)) void queryClient.resetQueries({ queryKey: sessionQuery.queryKey });
}

/**
 * What was loaded. Nothing gets old by time: events say what has changed (`useLiveQueries`). A read that may succeed later is tried again; what changes
 * something is not, and its error is a message unless `meta.quiet` says that the page shows it.
 */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, { queryKey }) => {
      if (queryKey[0] !== 'session') checkSession(error);
    },
  }),
  mutationCache: new MutationCache({
    onError: (error, _variables, _context, { meta }) => {
      checkSession(error);
      if (meta?.['quiet'] !== true) showToast(error.message, { tone: 'danger' });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      networkMode: 'always',
      retry: (failures, error) => failures < RETRIES && error instanceof PlatformError && error.retryable,
    },
    mutations: { networkMode: 'always' },
  },
});
