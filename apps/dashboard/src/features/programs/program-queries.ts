import {
  breakEvenSchema,
  driftVerdictSchema,
  programAliasSchema,
  programBundleSchema,
  programListSchema,
  programTimelineSchema,
  programVersionsSchema,
  promotionListSchema,
  type ProgramMetadata,
  rangeAnalyticsSchema,
  repairListSchema,
  rolloutListSchema,
  rolloutSchema,
  sampleListSchema,
  storedDiffListSchema,
  validationSummarySchema,
} from '@loopwright/protocol';
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { z } from 'zod';
import { api } from '../../shared/api/api.ts';

/** Requests to programs and moves by hand are no events of executions, so that what they change is asked for again at these intervals. */
const OFTEN_MS = 5000;
const SOMETIMES_MS = 15_000;

const PAGE = 100;

/** Everything about one program has a key that begins so. */
export const programKey = (name: string) => ['program', name] as const;

/** The path of a program in the API, and of what is below it. */
export function programPath(name: string, rest = '', query: Readonly<Record<string, string>> = {}): string {
  const asked = new URLSearchParams(query).toString();
  return `/api/v1/programs/${encodeURIComponent(name)}${rest}${asked === '' ? '' : `?${asked}`}`;
}

function get<Schema extends z.ZodType>(path: string, answer: Schema): Promise<z.infer<Schema>> {
  return api.call({ method: 'GET', path, answer });
}

/** The query of one page of a list. */
function pageOf(cursor: string | null, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...more, limit: String(PAGE), ...(cursor === null ? {} : { cursor }) };
}

export const programsQuery = (q: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['programs', q ?? ''],
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams(pageOf(pageParam, q === undefined ? {} : { q }));
      return get(`/api/v1/programs?${query.toString()}`, programListSchema);
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: SOMETIMES_MS,
    // Typing the next letter of a name shows no empty page.
    placeholderData: keepPreviousData,
  });

export const programQuery = (name: string) =>
  queryOptions({
    queryKey: [...programKey(name), 'summary'],
    queryFn: () => api.program(name),
    refetchInterval: SOMETIMES_MS,
  });

/** Where `active` points, with the ETag that a change of it has to name. */
export const aliasQuery = (name: string) =>
  queryOptions({
    queryKey: [...programKey(name), 'alias'],
    queryFn: async () => {
      const { answer, headers } = await api.exchange({
        method: 'GET',
        path: programPath(name, '/aliases/active'),
        answer: programAliasSchema,
      });
      return { alias: answer, etag: headers.get('etag') ?? '*' };
    },
    refetchInterval: OFTEN_MS,
  });

/** Every version, the newest first. */
export const versionsQuery = (name: string) =>
  queryOptions({
    queryKey: [...programKey(name), 'versions'],
    queryFn: async () => {
      const versions: ProgramMetadata[] = [];
      let cursor: string | null = null;
      do {
        const page: z.infer<typeof programVersionsSchema> = await get(
          programPath(name, '/versions', pageOf(cursor)),
          programVersionsSchema,
        );
        versions.push(...page.versions);
        cursor = page.next_cursor;
      } while (cursor !== null);
      return versions.toReversed();
    },
    refetchInterval: SOMETIMES_MS,
  });

/** A version with its files, which never change once it was active; a draft may be overwritten, so its digest is part of the key. */
export const bundleQuery = (name: string, { version, digest }: Pick<ProgramMetadata, 'version' | 'digest'>) =>
  queryOptions({
    queryKey: ['bundle', name, version, digest],
    queryFn: () => get(programPath(name, `/versions/${version}/bundle`), programBundleSchema),
    staleTime: Infinity,
  });

export const diffsQuery = (name: string, version: number) =>
  queryOptions({
    queryKey: [...programKey(name), 'diffs', version],
    queryFn: () => get(programPath(name, `/versions/${version}/diffs`, { limit: '50' }), storedDiffListSchema),
  });

/** What was active when, the newest first; `movedAt`: of the alias as it is known, so that the history is never older than that. */
export const timelineQuery = (name: string, at: string | undefined, movedAt: string | null = null) =>
  infiniteQueryOptions({
    queryKey: [...programKey(name), 'timeline', at ?? '', movedAt],
    queryFn: ({ pageParam }) =>
      get(
        programPath(name, '/timeline', pageOf(pageParam, { sort: '-at', ...(at === undefined ? {} : { at }) })),
        programTimelineSchema,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: SOMETIMES_MS,
  });

export const promotionsQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: [...programKey(name), 'promotions'],
    queryFn: ({ pageParam }) => get(programPath(name, '/promotions', pageOf(pageParam, { sort: '-at' })), promotionListSchema),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });

export const rolloutsQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: [...programKey(name), 'rollouts'],
    queryFn: ({ pageParam }) => get(programPath(name, '/rollouts', pageOf(pageParam)), rolloutListSchema),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: OFTEN_MS,
  });

/** One rollout with the ETag that a change of it has to name. */
export const rolloutQuery = (name: string, rolloutId: string) =>
  queryOptions({
    queryKey: [...programKey(name), 'rollout', rolloutId],
    queryFn: async () => {
      const path = programPath(name, `/rollouts/${encodeURIComponent(rolloutId)}`);
      const { answer, headers } = await api.exchange({ method: 'GET', path, answer: rolloutSchema });
      return { rollout: answer, etag: headers.get('etag') ?? '*' };
    },
    refetchInterval: OFTEN_MS,
  });

/** The figures of today (UTC). */
export const todayQuery = (name: string) =>
  queryOptions({
    queryKey: [...programKey(name), 'today'],
    queryFn: () => api.analytics(name),
    refetchInterval: SOMETIMES_MS,
    retry: false,
  });

/** The figures of the days from one (a date in UTC) to today. */
export const rangeQuery = (name: string, from: string) =>
  queryOptions({
    queryKey: [...programKey(name), 'range', from],
    queryFn: () => get(programPath(name, '/analytics/range', { from }), rangeAnalyticsSchema),
    refetchInterval: SOMETIMES_MS,
  });

export const driftQuery = (name: string) =>
  queryOptions({
    queryKey: [...programKey(name), 'drift'],
    queryFn: () => get(programPath(name, '/drift'), driftVerdictSchema),
    refetchInterval: SOMETIMES_MS,
    retry: false,
  });

export const validationQuery = (name: string) =>
  queryOptions({
    queryKey: [...programKey(name), 'validation'],
    queryFn: () => get(programPath(name, '/validation'), validationSummarySchema),
    refetchInterval: SOMETIMES_MS,
  });

export const repairsQuery = (name: string) =>
  queryOptions({
    queryKey: [...programKey(name), 'repairs'],
    queryFn: () => get(programPath(name, '/repairs', { limit: '50' }), repairListSchema),
    refetchInterval: SOMETIMES_MS,
  });

/** Samples in a state, the oldest first. */
export const samplesQuery = (name: string, state: string) =>
  infiniteQueryOptions({
    queryKey: [...programKey(name), 'samples', state],
    queryFn: ({ pageParam }) => get(programPath(name, '/samples', pageOf(pageParam, { state })), sampleListSchema),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: SOMETIMES_MS,
  });

export const breakEvenQuery = (name: string, query: Readonly<Record<string, string>>) =>
  queryOptions({
    queryKey: [...programKey(name), 'break-even', query],
    queryFn: () => get(programPath(name, '/break-even', query), breakEvenSchema),
    retry: false,
  });
