import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { type ReactElement, useEffect, useState } from 'react';
import { isSignedOut } from '../shared/api/api.ts';
import { SessionProvider, sessionQuery } from '../shared/api/session.tsx';
import type { LiveConnection } from '../shared/live/live-connection.ts';
import { LiveProvider, openLiveConnection } from '../shared/live/live.tsx';
import { ErrorState } from '../shared/ui/states.tsx';
import { Toasts } from '../shared/ui/toasts.tsx';
import { checkSession, queryClient } from './query-client.ts';
import { router } from './router.tsx';
import { SignIn } from './sign-in.tsx';
import './shell.css';

// The code of the page comes while it is asked who one is.
void router.load();

/** The whole page: signing in, then the pages with their live connection. */
export function App(): ReactElement {
  return (
    <QueryClientProvider client={queryClient}>
      <SignedIn />
      <Toasts />
    </QueryClientProvider>
  );
}

function SignedIn(): ReactElement | null {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  const isOut = isSignedOut(error);
  const connection = useConnected(!isOut);
  if (isOut) return <SignIn onDone={() => void refetch()} />;
  if (session === undefined)
    return error === null ? null : (
      <main className="alone">
        <ErrorState isPage error={error} retry={() => void refetch()} />
      </main>
    );
  if (connection === undefined) return null;
  return (
    <SessionProvider value={session}>
      <LiveProvider connection={connection}>
        <RouterProvider router={router} />
      </LiveProvider>
    </SessionProvider>
  );
}

/**
 * The live connection, as soon as it is known from where on its events count: what is loaded afterwards misses none. It is opened while it is asked who one is;
 * both together take as long as one.
 */
function useConnected(isWanted: boolean): LiveConnection | undefined {
  const [ready, setReady] = useState<LiveConnection>();
  useEffect(() => {
    if (!isWanted) return undefined;
    const connection = openLiveConnection(checkSession);
    void connection.start().then(() => setReady(connection));
    return () => {
      connection.stop();
      setReady(undefined);
    };
  }, [isWanted]);
  return ready;
}
