import { type Module, type ServerHealth, moduleListSchema, moduleLogSchema } from '@loopwright/protocol';
import { queryOptions } from '@tanstack/react-query';
import type { z } from 'zod';
import { api } from '../../shared/api/api.ts';

/** A module as everybody may see it, and all of it for those who may. */
export interface ModuleRow extends Omit<ServerHealth['modules'][number], 'id'> {
  readonly name: string;
  /** Null for those who may not read modules, and from servers that do not tell. */
  readonly more: Module | null;
}

/** How often modules are looked at, in milliseconds: they have no events. Sooner while one is on its way from one state to another. */
const EVERY_MS = 3000;
const SOON_MS = 500;
const ON_THE_WAY = new Set(['starting', 'replacing', 'backing_off', 'draining', 'stopping']);
const LOG_MS = 2000;
/** Lines that are asked for at once, and that are kept on the screen. */
const LINES = 300;
const LINES_KEPT = 1000;

/** The modules: with all that the API has of them, or as the health of the server names them. */
export const modulesQuery = (mayRead: boolean) =>
  queryOptions({
    queryKey: ['modules', mayRead],
    refetchInterval: ({ state: { data } }) => (data?.some(({ status }) => ON_THE_WAY.has(status)) === true ? SOON_MS : EVERY_MS),
    queryFn: async (): Promise<ModuleRow[]> => (mayRead ? await allModules() : await modulesOfHealth()),
  });

async function modulesOfHealth(): Promise<ModuleRow[]> {
  const { modules } = await api.health();
  return modules.map(({ id: name, status, required, pid, listen, restarts, last_exit, since }) => {
    return { name, status, required, pid, listen, restarts, last_exit, since, more: null };
  });
}

async function allModules(): Promise<ModuleRow[]> {
  const { modules } = await api.call({ method: 'GET', path: '/api/v1/modules?limit=500', answer: moduleListSchema });
  return modules.map((more) => {
    const { name, status, required, pid, listen, restarts, last_exit, since } = more;
    return { name, status, required, pid, listen, restarts, last_exit, since, more };
  });
}

type Line = z.infer<typeof moduleLogSchema>['entries'][number];

/** Lines of a module that were loaded, and where later ones begin. */
interface KnownLog {
  readonly lines: readonly Line[];
  /** Lines that were written and are not kept any more. */
  readonly missed: number;
  readonly tail: string | null;
}

/** What a module wrote: the newest lines first, then, each time it is asked again, those that came behind them. */
export const moduleLogQuery = (name: string) => {
  const queryKey = ['modules', 'log', name] as const;
  return queryOptions({
    queryKey,
    refetchInterval: LOG_MS,
    queryFn: async ({ client, signal }): Promise<KnownLog> => {
      const before = client.getQueryData<KnownLog>(queryKey) ?? { lines: [], missed: 0, tail: null };
      const cursor = before.tail === null ? '' : `&cursor=${encodeURIComponent(before.tail)}`;
      const path = `/api/v1/modules/${encodeURIComponent(name)}/logs?limit=${LINES}${cursor}`;
      const page = await api.call({ method: 'GET', path, answer: moduleLogSchema, signal });
      const lines = [...before.lines, ...page.entries].slice(-LINES_KEPT);
      return { lines, missed: before.missed + page.missed, tail: page.tail_cursor };
    },
  });
};
