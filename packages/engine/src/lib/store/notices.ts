import type { JsonObject } from '@loopwright/protocol';
import type { StatementSync } from 'node:sqlite';
import type { ExecutionEvent } from '../execution/execution.ts';
import type { EventOwner } from './event-page.ts';

/** The number that stands for notices where an execution has its own. */
export const NOTICES = 0;
/** Stands for all projects at once, as the owner of what concerns them all. */
const EVERY_PROJECT = '*';

/** An event of the platform itself, which no execution has. */
export interface Notice {
  /** The same id again is the same notice. */
  readonly id: string;
  readonly type: string;
  /** `null` for what concerns all projects. */
  readonly projectId: string | null;
  readonly data: JsonObject;
}

/** A notice as an event: of the execution without a name. Its project stands in its data. */
export interface StoredNotice {
  readonly owner: EventOwner;
  readonly event: ExecutionEvent;
}

type Prepare = (sql: string) => StatementSync;

/** Whose a notice is; nothing for the event of an execution. */
export function noticeOwner({ executionId, data }: Pick<ExecutionEvent, 'executionId' | 'data'>): EventOwner | undefined {
  if (executionId !== '') return undefined;
  const { project_id: projectId } = data;
  return { executionId, workflow: '', projectId: typeof projectId === 'string' ? projectId : EVERY_PROJECT };
}

/** Writes a notice; gives it, or nothing when it is there already. */
export function insertNotice(prepare: Prepare, { id, type, projectId, data }: Notice, at: number): StoredNotice | undefined {
  if (prepare('SELECT 1 FROM notices WHERE id = ?').get(id) !== undefined) return undefined;
  const told = { ...data, project_id: projectId };
  const insert = prepare('INSERT INTO notices (id, type, project_id, at, data) VALUES (?, ?, ?, ?, ?)');
  const { lastInsertRowid } = insert.run(id, type, projectId, at, JSON.stringify(told));
  return noticeOf({ seq: Number(lastInsertRowid), type, at, data: told });
}

/** The notices of a span, those that are still there. */
export function readNotices(prepare: Prepare, from: number, count: number): StoredNotice[] {
  return prepare('SELECT seq, type, at, data FROM notices WHERE seq >= ? AND seq < ? ORDER BY seq')
    .all(from, from + count)
    .map((row) =>
      noticeOf({
        seq: Number(row['seq']),
        type: String(row['type']),
        at: Number(row['at']),
        data: JSON.parse(String(row['data'])) as JsonObject,
      }),
    );
}

/** Forgets the notices of before a time. */
export function dropNotices(prepare: Prepare, before: number): void {
  prepare('DELETE FROM notices WHERE at < ?').run(before);
}

function noticeOf({ seq, type, at, data }: Pick<ExecutionEvent, 'seq' | 'type' | 'at' | 'data'>): StoredNotice {
  const event: ExecutionEvent = { executionId: '', seq, type, step: null, at, data };
  const owner = noticeOwner(event) ?? { executionId: '', workflow: '', projectId: EVERY_PROJECT };
  return { owner, event };
}
