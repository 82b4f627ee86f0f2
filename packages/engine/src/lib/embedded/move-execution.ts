import { type Json, PlatformError, canonicalJson } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';
import { type Execution, type JournalEntry, isFinal } from '../execution/execution.ts';
import { entryKeyOf } from '../operation/shared-prefix.ts';
import { isWallTimer } from '../limits/wall-time.ts';
import type { StoreTransaction } from '../store/store.ts';
import { requireExecution } from './control.ts';
import { type Passed, type Rehearsal, isRecorded } from './rehearsal.ts';

/** Whether an execution can go on under another definition. */
export interface Compatibility {
  readonly compatible: boolean;
  /** How many recorded operations the other definition comes to just the same. */
  readonly matched: number;
  /** The first place where it would not; `null` when it fits. */
  readonly divergesAt: { readonly key: string; readonly reason: string } | null;
}

type Operation = Extract<Passed, { kind: 'operation' }>;

/**
 * Compares what two definitions make of one journal: the new one must come to every recorded operation that the old one comes to, with the
 * same kind, must ask the same where an answer or an event is still waited for, and must not fail over it. Without the old one (it cannot be loaded
 * any more), the new one must come to every entry of the journal.
 */
export function compareRehearsals(
  journal: readonly JournalEntry[],
  before: Rehearsal | undefined,
  after: Rehearsal,
): Compatibility {
  if (before === undefined) return compareWithJournal(journal, after);
  const entries = new Map(journal.map((entry) => [entry.key, entry]));
  const recorded = before.passed.filter((item): item is Operation => item.kind === 'operation' && isRecorded(entries, item));
  const met = after.passed.filter((item): item is Operation => item.kind === 'operation');
  let matched = 0;
  for (const one of recorded) {
    const reason = difference(one, { met, isOpen: entries.get(one.key)?.state === 'waiting' });
    if (reason !== undefined) return { compatible: false, matched, divergesAt: { key: one.key, reason } };
    matched += 1;
  }
  if (after.failure === null || before.failure !== null) return { compatible: true, matched, divergesAt: null };
  const { detail, instance = '' } = after.failure;
  return { compatible: false, matched, divergesAt: { key: instance, reason: `The new definition would fail: ${detail}` } };
}

function compareWithJournal(journal: readonly JournalEntry[], after: Rehearsal): Compatibility {
  const met = new Set(after.passed.flatMap((item) => (item.kind === 'operation' ? [entryKeyOf(item)] : [])));
  const needed = journal.filter((entry) => entry.kind !== 'restart' && entry.state !== 'cancelled' && !isWallTimer(entry));
  const missing = needed.find(({ key }) => !met.has(key));
  const divergesAt = missing === undefined ? null : { key: missing.key, reason: UNMET };
  return { compatible: missing === undefined, matched: needed.filter(({ key }) => met.has(key)).length, divergesAt };
}

const UNMET = 'The new definition does not come to what is recorded under this key';

function difference(one: Operation, { met, isOpen }: { met: readonly Operation[]; isOpen: boolean }): string | undefined {
  const there = met.filter(({ key }) => key === one.key);
  if (there.length === 0) return UNMET;
  const same = there.find(({ method }) => method === one.method);
  if (same === undefined)
    return `It is recorded as "${one.method}", and the new definition has "${there[0]?.method ?? ''}" there`;
  if (isOpen && text(same.request) !== text(one.request)) return `The new definition asks for something else in "${one.method}"`;
  return undefined;
}

function text(request: Json | undefined): string {
  return canonicalJson(request ?? null);
}

/** Refuses to move what has ended, or has a step under way: that step belongs to the old definition and must be recorded first. */
export function requireMovable(execution: Execution, journal: readonly JournalEntry[]): void {
  if (isFinal(execution.status))
    throw new PlatformError('INVALID_STATE', `Cannot move the execution: it is ${execution.status}`, {
      details: { status: execution.status },
    });
  const running = journal.find(({ state }) => state === 'running');
  if (running === undefined) return;
  throw new PlatformError(
    'INVALID_STATE',
    `Cannot move the execution: its step "${running.name}" is under way. Pause it, and move it when the step has ended`,
    { details: { step_id: running.name, key: running.key } },
  );
}

/** Pins an execution to another definition. Throws CONFLICT when something was recorded since the rehearsal. */
export function moveExecution(
  transaction: StoreTransaction,
  { id, definitionDigest }: Execution,
  { to, journal, who, at }: { to: WorkflowDefinition; journal: readonly JournalEntry[]; who: string; at: number },
): Execution {
  const now = requireExecution(transaction, id);
  requireUnmoved(transaction.journal(id), journal, isFinal(now.status) || now.definitionDigest !== definitionDigest);
  transaction.updateExecution(id, { version: to.version, definitionDigest: to.digest }, at);
  const data = {
    moved_by: who,
    from: { version: now.version, digest: definitionDigest },
    to: { version: to.version, digest: to.digest },
  };
  transaction.appendEvent({ executionId: id, type: 'moved', step: null, at, data });
  return requireExecution(transaction, id);
}

/** Refuses to go by a rehearsal that is not true any more: the journal is another one by now, or something else has changed. */
export function requireUnmoved(now: readonly JournalEntry[], rehearsed: readonly JournalEntry[], hasChanged: boolean): void {
  if (!hasChanged && stateOf(now) === stateOf(rehearsed)) return;
  throw new PlatformError('CONFLICT', 'Cannot move the execution: it has gone on meanwhile');
}

function stateOf(journal: readonly JournalEntry[]): string {
  const states = journal.map(({ key, state, recordedAt }) => `${key} ${state} ${recordedAt}`);
  return states.sort().join('\n');
}
