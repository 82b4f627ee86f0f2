import type { ExecutionList } from '@loopwright/protocol';

/** An execution as lists show it. */
export type ExecutionItem = ExecutionList['executions'][number];

/** What was loaded of the list, page by page, the newest first. */
interface Loaded {
  readonly pages: readonly ExecutionList[];
  readonly pageParams: readonly unknown[];
}

/** Every execution that was loaded, each once. */
export function executionsOf({ pages }: Loaded): ExecutionItem[] {
  return [...new Map(pages.flatMap(({ executions }) => executions).map((one) => [one.execution_id, one])).values()];
}

/**
 * Puts the newest page before what was loaded, and what is known of single ones in their places; `fits` says what the filter of the list lets through. The
 * pages behind stay as they are, with their cursors.
 */
export function mergeExecutions<List extends Loaded>(
  loaded: List,
  newest: ExecutionList,
  { changed, fits }: { changed: readonly ExecutionItem[]; fits: (one: ExecutionItem) => boolean },
): List {
  const now = new Map([...changed, ...newest.executions].map((one) => [one.execution_id, one]));
  const known = executionsOf(loaded);
  const before = new Set(known.map(({ execution_id: id }) => id));
  const added = newest.executions.filter(({ execution_id: id }) => !before.has(id));
  const rows = [...added, ...known.map((one) => now.get(one.execution_id) ?? one)].filter(fits);
  const pages = loaded.pages.map((page, at) => ({ ...page, total: newest.total, executions: at === 0 ? rows : [] }));
  return { ...loaded, pages };
}
