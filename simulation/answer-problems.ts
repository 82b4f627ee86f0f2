import type { StoreReader, StoredHumanTask } from '@loopwright/engine';
import { PlatformError } from '@loopwright/protocol';
import type { Call } from './world.ts';

/** The first valid answer counts, once; the others were told who and when. */
export function* answerProblems(read: StoreReader, calls: readonly Call[], tasks: readonly StoredHumanTask[]): Generator<string> {
  for (const { step, answerId, by, outcome, executionId, kind } of calls) {
    if (kind !== 'answer' || step === undefined || answerId === undefined) continue;
    const mine = tasks.filter((task) => task.answerId === answerId);
    if (mine.length > 1) yield `the answer ${answerId} was delivered ${mine.length} times`;
    if (outcome === 'taken' && !mine.some(({ answeredBy, state }) => answeredBy === by && state === 'answered'))
      yield `the answer ${answerId} was acknowledged and is not recorded`;
    if (outcome === 'buffered' && mine.length === 0 && read.earlyAnswer(executionId, step)?.answerId !== answerId) {
      const events = read.events(executionId, 0, 100_000);
      const discarded = events.some(({ type, data }) => type === 'answer_discarded' && data['answered_by'] === by);
      if (!discarded) yield `the early answer ${answerId} was acknowledged and is gone`;
    }
    if (!(outcome instanceof PlatformError) || outcome.code !== 'CONFLICT') continue;
    const winner = outcome.details?.['answered_by'];
    if (typeof winner !== 'string' || winner === by || typeof outcome.details?.['answered_at'] !== 'string')
      yield `the loser ${answerId} was not told who and when: ${JSON.stringify(outcome.details)}`;
  }
  for (const { id, state, key, executionId } of tasks) {
    const entry = read.entry(executionId, key);
    if (state === 'answered' && entry?.state !== 'done')
      yield `the answer of ${id} is recorded, its step is ${entry?.state ?? 'gone'}`;
    if (state === 'open' && entry?.state !== 'waiting') yield `the question ${id} is open, its step is ${entry?.state ?? 'gone'}`;
  }
}
