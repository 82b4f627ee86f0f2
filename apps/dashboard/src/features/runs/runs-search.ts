import { type RunBulkFilter, isoTime } from '@loopwright/protocol';
import { z } from 'zod';
import { preferences } from '../../shared/preferences/preferences.ts';

/** Spans back from now, in hours. */
const SPANS = { '1h': 1, '24h': 24, '7d': 168, '30d': 720 } as const;

const HOUR_MS = 3_600_000;

/** A day such as `2026-11-21`, in the time zone that is preferred. */
const day = z.iso.date().optional().catch(undefined);

const text = z.string().trim().min(1).max(200).optional().catch(undefined);

/** What the URL of the list says; a value that is none is as if it were left out. */
export const runsSearchSchema = z.object({
  status: z.enum(['running', 'paused', 'completed', 'failed', 'cancelled']).optional().catch(undefined),
  profile: text,
  project: text,
  q: text,
  /** Created within this span, up to now; `days` for from one day to another. */
  since: z.enum(['1h', '24h', '7d', '30d', 'days']).optional().catch(undefined),
  /** The first and the last of the days, when they are days; left out: open to that side. */
  from: day,
  to: day,
  /** Only what waits for whoever looks. */
  waiting: z.literal(true).optional().catch(undefined),
  sort: z
    .enum([
      '-created_at',
      'created_at',
      '-updated_at',
      'updated_at',
      '-profile',
      'profile',
      '-project_name',
      'project_name',
      '-status',
      'status',
    ])
    .optional()
    .catch(undefined),
});
export type RunsSearch = z.infer<typeof runsSearchSchema>;

/** The order when the URL says none. */
export const NEWEST_FIRST = '-created_at';

/** What the API is asked for; `now` in milliseconds since 1970-01-01 UTC. */
export function bulkFilterOf({ status, profile, project, q, ...created }: RunsSearch, now: number): RunBulkFilter {
  return {
    ...(status === undefined ? {} : { status }),
    ...(profile === undefined ? {} : { profile }),
    ...(project === undefined ? {} : { project_id: project }),
    ...(q === undefined ? {} : { q }),
    ...createdOf(created, now),
  };
}

/** When runs were created, for the API: at or after the one, before the other. */
function createdOf(
  { since, from, to }: Pick<RunsSearch, 'since' | 'from' | 'to'>,
  now: number,
): Pick<RunBulkFilter, 'created_after' | 'created_before'> {
  if (since === undefined) return {};
  if (since !== 'days') return { created_after: isoTime(now - SPANS[since] * HOUR_MS) };
  return {
    ...(from === undefined ? {} : { created_after: isoTime(startOf(from)) }),
    // A day has 23 or 25 hours twice a year.
    ...(to === undefined
      ? {}
      : { created_before: isoTime(startOf(isoTime(Date.parse(`${to}T12:00Z`) + 24 * HOUR_MS).slice(0, 10))) }),
  };
}

/** When a day begins. */
function startOf(date: string): number {
  return Date.parse(`${date}T00:00${preferences().timeZone === 'UTC' ? 'Z' : ''}`);
}

/** Whether the URL narrows the list. */
export function isFiltered({ sort: _sort, ...rest }: RunsSearch): boolean {
  return Object.values(rest).some((value) => value !== undefined);
}

/** The filter in words, with how its parts are joined. */
export function filterText(search: RunsSearch): string {
  const parts = [
    search.status === undefined ? null : `status is ${search.status}`,
    search.profile === undefined ? null : `profile is ${search.profile}`,
    search.project === undefined ? null : `project is ${search.project}`,
    search.q === undefined ? null : `id, name, intake or profile contains “${search.q}”`,
    createdText(search),
    search.waiting === undefined ? null : 'waiting for me',
  ];
  const said = parts.filter((part) => part !== null);
  return said.length === 0 ? 'all runs' : said.join(' AND ');
}

function createdText({ since, from, to }: RunsSearch): string | null {
  if (since === undefined) return null;
  if (since !== 'days') return `created in the last ${since}`;
  const parts = [from === undefined ? null : `from ${from}`, to === undefined ? null : `up to ${to}`].filter(
    (part) => part !== null,
  );
  return parts.length === 0 ? null : `created ${parts.join(' ')}`;
}
