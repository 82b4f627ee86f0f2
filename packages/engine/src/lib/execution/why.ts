import { type Clock, type Json, type JsonObject, isoTime } from '@loopwright/protocol';
import type { WaitingTurn } from '../limits/turnstile.ts';
import { explainLimits } from '../limits/why-limited.ts';
import type { StoreReader } from '../store/store.ts';
import { type Execution, type JournalEntry, type StoredHumanTask, isFinal } from './execution.ts';
import { waitOf } from './wait.ts';

/** Why an execution does not move, in fields and in one sentence. */
export interface Why {
  readonly state: string;
  readonly since: string;
  /** Whom or what it waits for: open questions, steps under way, events, timers, tries, a store or a definition that is not there. */
  readonly waiting_for: JsonObject[];
  /** The next time it wakes up by itself. */
  readonly next_wakeup: string | null;
  /** What would make it go on. */
  readonly unblock: string | null;
  readonly sentence: string;
}

/** What only the engine knows of an execution, besides what is stored. */
export interface Surroundings {
  /** Something refused that it cannot do without, and it is taken up again later. */
  readonly rest:
    | { readonly refusedBy: 'store' | 'credentials'; readonly since: number; readonly until: number; readonly reason: string }
    | undefined;
  /** Whether this program can run its definition. */
  readonly isLoadable: boolean;
  /** What its steps wait for in memory. */
  readonly turns?: readonly WaitingTurn[];
}

type Said = Pick<Why, 'unblock' | 'sentence'>;

/** Says why an execution is where it is (DESIGN §5, invariant 7). */
export function explain(
  read: StoreReader,
  execution: Execution,
  clock: Clock,
  { rest, isLoadable, turns = [] }: Surroundings = { rest: undefined, isLoadable: true },
): Why {
  const { id, status, statusSince } = execution;
  const journal = read.journal(id).sort((left, right) => left.createdAt - right.createdAt);
  const questions = isFinal(status) ? [] : read.humanTasks({ executionId: id, state: 'open', limit: 100 });
  const waits = journal.flatMap((entry) => waitOf(entry, journal) ?? []);
  const due = journal.flatMap(({ dueAt, state }) => (state === 'waiting' && dueAt !== null ? [dueAt] : []));
  const base = {
    state: status,
    since: isoTime(statusSince),
    waiting_for: [
      ...(rest === undefined ? [] : [{ kind: rest.refusedBy, since: isoTime(rest.since), error: rest.reason }]),
      ...(isLoadable || isFinal(status) ? [] : [{ kind: 'definition', digest: execution.definitionDigest }]),
      ...questions.map(({ id: taskId, step, kind }) => ({ kind: 'person', task_id: taskId, step_id: step, question: kind })),
      ...waits.map(({ fact }) => fact),
    ],
    next_wakeup: due.length === 0 ? null : isoTime(Math.min(...due)),
  };
  if (isFinal(status)) return { ...base, next_wakeup: null, ...ended(execution) };
  if (rest !== undefined) return { ...base, next_wakeup: isoTime(rest.until), ...refused(rest) };
  if (!isLoadable) return { ...base, ...notLoadable(execution) };
  const forSeconds = `for ${Math.max(0, Math.round((clock.now() - statusSince) / 1000))} s`;
  const limited = explainLimits(read, execution, { now: clock.now(), turns, forSeconds });
  if (limited !== undefined) return { ...base, ...limited, waiting_for: [limited.waiting_for, ...base.waiting_for] };
  if (status === 'paused') return { ...base, ...paused(id, journal, forSeconds) };
  const question = questions[0];
  if (question !== undefined) return { ...base, ...asked(question, forSeconds) };
  const wait = waits.find(({ isStep }) => isStep) ?? waits[0];
  if (wait !== undefined) return { ...base, unblock: wait.unblock, sentence: wait.sentence };
  return { ...base, unblock: null, sentence: `It is ${status} ${forSeconds}.` };
}

function ended({ id, status, error }: Execution): Said {
  const detail = error !== null && typeof error === 'object' && !Array.isArray(error) ? error['detail'] : undefined;
  if (status !== 'failed') return { unblock: null, sentence: `It has ended: ${status}.` };
  return {
    unblock: `POST /api/v1/executions/${id}/retry`,
    sentence: typeof detail === 'string' ? `It has failed: ${detail}.` : 'It has ended: failed.',
  };
}

function refused({ refusedBy, reason, until }: NonNullable<Surroundings['rest']>): Said {
  if (refusedBy === 'credentials') {
    return {
      unblock: 'Let who keeps its secrets, or gives its tokens, answer again',
      sentence: `It rests until ${isoTime(until)}, because a credential cannot be had: ${reason}.`,
    };
  }
  return {
    unblock: 'Check the space and the permissions of the data folder',
    sentence: `It rests until ${isoTime(until)}, because the store refused to write: ${reason}.`,
  };
}

function notLoadable({ id, definitionDigest, workflow }: Execution): Said {
  return {
    unblock: `POST /api/v1/executions/${id}/move to a definition of "${workflow}" that fits, or POST /api/v1/executions/${id}/cancel`,
    sentence: `It cannot go on, because its definition ${definitionDigest.slice(0, 12)} does not fit this program.`,
  };
}

function paused(id: string, journal: readonly JournalEntry[], forSeconds: string): Said {
  const kept = journal.flatMap(({ remainingMs, state }) => (state === 'waiting' && remainingMs !== null ? [remainingMs] : []));
  const timers = kept.length === 0 ? '' : ` Its next timer then has ${Math.ceil(Math.min(...kept) / 1000)} s left.`;
  return {
    unblock: `POST /api/v1/executions/${id}/resume`,
    sentence: `It is paused ${forSeconds} and goes on when somebody resumes it.${timers}`,
  };
}

function asked(question: StoredHumanTask, forSeconds: string): Said {
  return {
    unblock: `POST /api/v1/executions/${question.executionId}/${question.kind} with task_id "${question.id}"`,
    sentence: `It waits ${forSeconds} for a person to answer "${titleOf(question)}" (step ${question.step}).`,
  };
}

function titleOf({ request }: StoredHumanTask): string {
  const title: Json =
    request !== null && typeof request === 'object' && !Array.isArray(request) ? (request['title'] ?? null) : null;
  return typeof title === 'string' ? title : 'a question';
}
