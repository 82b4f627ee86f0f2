import type { ListRunsResponse, RunListItem } from '@loopwright/protocol';

/** What was loaded of the list, page by page. */
export interface LoadedRuns {
  readonly pages: readonly ListRunsResponse[];
  readonly pageParams: readonly unknown[];
}

/** What became of some runs. */
export interface Change {
  /** All of them, as they are now. */
  readonly known: readonly RunListItem[];
  /** Those that the filter of the list lets through. */
  readonly fitting: ReadonlySet<string>;
  /** How many runs fit in all. */
  readonly total: number;
}

/** Every run that was loaded, each once. */
export function rowsOf(loaded: LoadedRuns): RunListItem[] {
  const rows = new Map<string, RunListItem>();
  for (const { runs } of loaded.pages) for (const run of runs) rows.set(run.run_id, rows.get(run.run_id) ?? run);
  return [...rows.values()];
}

/**
 * Puts runs that have changed where they belong now, and takes out what does not fit any more. A run behind the last one that was loaded is left to the
 * page that it will come with: the cursors of the pages stay what they are.
 */
export function mergeRuns<Loaded extends LoadedRuns>(loaded: Loaded, { known, fitting, total }: Change, sort: string): Loaded {
  const changed = new Map(known.map((run) => [run.run_id, run]));
  const before = compareBy(sort);
  const kept = rowsOf(loaded).filter(({ run_id }) => !changed.has(run_id));
  const end = loaded.pages.at(-1)?.next_cursor === null ? undefined : kept.at(-1);
  const isInRange = (run: RunListItem): boolean => end === undefined || before(run, end) < 0;
  const rows = [...kept, ...known.filter((run) => fitting.has(run.run_id) && isInRange(run))].toSorted(before);
  const pages = loaded.pages.map((page, at) => ({ ...page, total, runs: at === 0 ? rows : [] }));
  return { ...loaded, pages };
}

/** The server's order: by a field, and by the id where that is the same. */
function compareBy(sort: string): (a: RunListItem, b: RunListItem) => number {
  const isDescending = sort.startsWith('-');
  const field = (isDescending ? sort.slice(1) : sort) as 'created_at';
  const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
  return (a, b) => {
    const order = compare(a[field] ?? '', b[field] ?? '') || compare(a.run_id, b.run_id);
    return isDescending ? -order : order;
  };
}
