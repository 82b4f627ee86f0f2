import {
  type GlobalEventMessage,
  globalEventPageSchema,
  streamTicketSchema,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import { type QueryFilters, useQueryClient } from '@tanstack/react-query';
import {
  type ReactElement,
  type ReactNode,
  createContext,
  useContext,
  useEffect,
  useEffectEvent,
  useState,
  useSyncExternalStore,
} from 'react';
import { api, developmentUser, serverUrl } from '../api/api.ts';
import { Coalescer } from './coalescer.ts';
import { LiveConnection, type LiveState } from './live-connection.ts';
import { loadAgain } from './load-again.ts';

const LiveContext = createContext<LiveConnection | null>(null);

/** A connection to the server of this page. `onRefused` is told what keeps it from being opened: a session that has ended, for one. */
export function openLiveConnection(onRefused: (error: unknown) => void): LiveConnection {
  const latest = async (): Promise<number> => {
    const path = '/api/v1/events?after=latest&limit=1';
    const call = { method: 'GET', path, answer: globalEventPageSchema, signal: AbortSignal.timeout(10_000) } as const;
    return api.call(call).then(
      ({ cursor }) => cursor,
      (error: unknown) => {
        onRefused(error);
        throw error;
      },
    );
  };
  return new LiveConnection({ open: openSocket, latest, clock: systemClock, random: systemRandom });
}

/** A WebSocket, of which a browser has more than of streams over HTTP/1.1: six tabs with one each would leave nothing for requests. */
async function openSocket(after: number): Promise<WebSocket> {
  const query = new URLSearchParams({ after: String(after) });
  // A WebSocket carries the cookie of a session, but no header.
  if (developmentUser !== '') {
    const { ticket } = await api.call({ method: 'POST', path: '/api/v1/stream-tickets', answer: streamTicketSchema });
    if (ticket !== null) query.set('ticket', ticket);
  }
  return new WebSocket(serverUrl(`/api/v1/ws/events?${query.toString()}`).replace(/^http/, 'ws'));
}

/** Gives the connection to the components below, and loads everything again when it missed something. */
export function LiveProvider({ connection, children }: { connection: LiveConnection; children: ReactNode }): ReactElement {
  const queries = useQueryClient();
  useEffect(() => {
    const back = (): void => connection.retry();
    const gone = (): void => connection.lost();
    window.addEventListener('online', back);
    window.addEventListener('offline', gone);
    const stop = connection.onReset(() => void loadAgain(queries, { predicate: ({ queryKey }) => queryKey[0] !== 'session' }));
    return () => {
      window.removeEventListener('online', back);
      window.removeEventListener('offline', gone);
      stop();
    };
  }, [connection, queries]);
  return <LiveContext value={connection}>{children}</LiveContext>;
}

function useConnection(): LiveConnection {
  const connection = useContext(LiveContext);
  if (connection === null) throw new Error('Cannot use the live connection: there is none here');
  return connection;
}

/** How fresh the page is. */
export function useLiveState(): LiveState {
  const connection = useConnection();
  return useSyncExternalStore(
    (listener) => connection.onState(listener),
    () => connection.state,
  );
}

/** Hands every event from now on to `reader`, and calls `reset` when some were missed. */
export function useLiveEvents(reader: (event: GlobalEventMessage) => void, reset: () => void = () => undefined): void {
  const connection = useConnection();
  const read = useEffectEvent(reader);
  const miss = useEffectEvent(reset);
  useEffect(() => {
    const stops = [connection.onEvent((event) => read(event)), connection.onReset(() => miss())];
    return () => {
      for (const stop of stops) stop();
    };
  }, [connection]);
}

/** Runs `refresh` for the events that match: at once for the first, then once more for all that came meanwhile. */
export function useLiveRefresh(matches: (event: GlobalEventMessage) => boolean, refresh: () => Promise<void>): void {
  const run = useEffectEvent(refresh);
  const [coalescer] = useState(() => ({ now: null as Coalescer | null }));
  useEffect(() => {
    coalescer.now = new Coalescer(() => run(), systemClock);
  }, [coalescer]);
  useLiveEvents((event) => {
    if (matches(event)) coalescer.now?.request();
  });
}

/** Loads what is shown of these queries again for the events that match; see {@link useLiveRefresh}. */
export function useLiveQueries(matches: (event: GlobalEventMessage) => boolean, filters: QueryFilters): void {
  const queries = useQueryClient();
  useLiveRefresh(matches, () => loadAgain(queries, filters));
}
