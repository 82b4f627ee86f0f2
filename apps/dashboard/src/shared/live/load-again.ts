import type { QueryClient, QueryFilters } from '@tanstack/react-query';

/**
 * Loads what is shown of these queries again; resolves when each has an answer that was asked for after this was called. A query that is loaded for the first time is
 * asked twice: `invalidateQueries` joins that load (documented of `Query.fetch`), whose answer may be older than the event that this is called for.
 */
export async function loadAgain(queries: QueryClient, filters: QueryFilters): Promise<void> {
  const loading = queries
    .getQueryCache()
    .findAll(filters)
    .filter(({ state }) => state.data === undefined && state.fetchStatus !== 'idle');
  await queries.invalidateQueries(filters);
  if (loading.length > 0) await queries.invalidateQueries({ predicate: (query) => loading.includes(query) });
}
