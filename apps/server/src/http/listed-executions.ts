import {
  EXECUTION_STATUSES,
  type Execution,
  type ExecutionOrder,
  type ExecutionStatus,
  type ProjectScope,
  type StoreReader,
} from '@loopwright/engine';
import { type BulkFilter, type ListExecutionsQuery, PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import type { BulkQuery } from '../operations/bulk-operations.ts';
import { cursorOf, numberPlace, placeOf } from './manners/pages.ts';

/** One page of executions, and where the next one begins. */
export interface ListedPage {
  readonly executions: readonly Execution[];
  readonly total: number;
  readonly nextCursor: string | null;
}

/** What a list is held back to besides its filters. */
interface Limits {
  readonly projects: ProjectScope;
  /** The executions that those of the page have to be among; left out: all. */
  readonly among?: readonly string[] | undefined;
}

/** What an order goes by, other than by age. */
const FIELDS = { workflow_id: 'workflow', project_id: 'projectId', status: 'status' } as const;
const valuePlace = z.tuple([z.string().max(1000), z.int().nonnegative()]);

/** Reads a page that was asked for. Throws INVALID_STATUS, and VALIDATION_ERROR for a cursor that no list in this order gave. */
export function listedPage(
  read: Pick<StoreReader, 'executions'>,
  { status, sort, limit, offset, cursor, execution_id: ids, ...filter }: ListExecutionsQuery,
  { projects, among }: Limits,
): ListedPage {
  const isDescending = sort.startsWith('-');
  const field = sort.replace('-', '') as 'started_at' | keyof typeof FIELDS;
  const by = field === 'started_at' ? 'createdAt' : FIELDS[field];
  const isByAge = by === 'createdAt';
  const [behind, before] =
    cursor === undefined ? [] : isByAge ? [undefined, placeOf(cursor, numberPlace)[0]] : placeOf(cursor, valuePlace);
  const order: ExecutionOrder = { by, isDescending, behind };
  const wanted = idsOf(ids, among);
  const { executions, total, next } = read.executions({
    ...bulkQueryOf({ ...filter, ...(wanted === undefined ? {} : { execution_id: wanted }) }),
    ...(status === undefined ? {} : { status: statusOf(status) }),
    ...(before === undefined ? {} : { before }),
    order,
    projects,
    limit,
    offset,
  });
  const last = executions.at(-1);
  const place = next === null || last === undefined ? null : isByAge ? [next] : [last[by], next];
  return { executions, total, nextCursor: cursorOf(place) };
}

/** A filter of the wire as the engine takes it. */
export function bulkQueryOf(filter: Omit<BulkFilter, 'status'> & { readonly status?: ExecutionStatus | undefined }): BulkQuery {
  const { workflow_id, project_id, status, definition_digest, created_from, created_before, q, execution_id } = filter;
  return {
    ...(workflow_id === undefined ? {} : { workflow: workflow_id }),
    ...(project_id === undefined ? {} : { projectId: project_id }),
    ...(status === undefined ? {} : { status }),
    ...(definition_digest === undefined ? {} : { definitionDigest: definition_digest }),
    ...(created_from === undefined ? {} : { createdFrom: Date.parse(created_from) }),
    ...(created_before === undefined ? {} : { createdBefore: Date.parse(created_before) }),
    ...(q === undefined ? {} : { text: q }),
    ...(execution_id === undefined ? {} : { ids: execution_id }),
  };
}

/** The ids that are in both; in the one when there is no other. */
function idsOf(ids: readonly string[] | undefined, among: readonly string[] | undefined): string[] | undefined {
  if (ids === undefined || among === undefined)
    return ids === undefined && among === undefined ? undefined : [...(ids ?? among ?? [])];
  const allowed = new Set(among);
  return ids.filter((id) => allowed.has(id));
}

function statusOf(text: string): ExecutionStatus {
  const status = EXECUTION_STATUSES.find((known) => known === text);
  if (status !== undefined) return status;
  throw new PlatformError('INVALID_STATUS', `Cannot filter by the status "${text}": there is no such status`, {
    details: { allowed: [...EXECUTION_STATUSES] },
  });
}
