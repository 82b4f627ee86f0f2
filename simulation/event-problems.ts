import type { ExecutionEvent } from '@loopwright/engine';
import { type Flow, type Node, RETRY_MS, everyNode } from './node.ts';

const FIRED = new Set(['step_timed_out', 'retry_started', 'human_task_expired']);
/** What begins; a step without a budget is only noted once it runs, so a pause in that instant does not hold it. */
const BEGUN = new Set([
  'timer_started',
  'retry_scheduled',
  'waiting_acceptance',
  'waiting_clarification',
  'listening',
  'event_emitted',
  'child_started',
]);
const ENDS = new Set(['completed', 'failed', 'cancelled']);

/** The log of an execution: numbered without gaps, nothing after the end, no step twice, no timer early or while it is paused. */
export function* eventProblems(flow: Flow, events: readonly ExecutionEvent[]): Generator<string> {
  const ended = new Set<string>();
  const due = new Map<string, number>();
  let isPaused = false;
  for (const [index, { seq, type, data, step, at }] of events.entries()) {
    if (seq !== index + 1) yield `the event ${index + 1} has the number ${seq}`;
    if (index > 0 && ENDS.has(events[index - 1]?.type ?? '')) yield `the event ${type} came after the end`;
    if (type === 'paused') isPaused = true;
    if (type === 'resumed') isPaused = false;
    if (isPaused && FIRED.has(type)) yield `the timer of ${JSON.stringify(data['key'])} fired while it was paused`;
    const begins = BEGUN.has(type) || (type === 'step_started' && flow.budget !== undefined);
    if (isPaused && begins) yield `${type} came while it was paused: ${JSON.stringify(data['key'])}`;
    const key = typeof data['key'] === 'string' ? data['key'] : undefined;
    if (key === undefined) continue;
    if (typeof data['due_at'] === 'string') {
      const dueAt = Date.parse(data['due_at']);
      due.set(key, dueAt);
      const node = everyNode(flow.list).find(({ name }) => name === step);
      if (!isDelayOf(node, key, dueAt - at)) yield `the timer of ${key} is due after ${dueAt - at} ms`;
    } else if (at < (due.get(key) ?? 0)) yield `the timer of ${key} fired early`;
    if (type === 'step_started' && ended.has(key)) yield `the step ${key} started after it had ended`;
    if (type !== 'step_completed' && type !== 'step_failed') continue;
    if (ended.has(key)) yield `the step ${key} ended twice`;
    ended.add(key);
  }
}

/** Whether a timer of a task may last so long: as written, or the delay of a retry with its back-off and jitter. */
function isDelayOf(node: Node | undefined, key: string, ms: number): boolean {
  if (node?.kind === 'wait') return ms === node.ms;
  if (node?.kind !== 'try') return false;
  const attempt = Number(/@retry-(\d+)$/.exec(key)?.[1]);
  const base = RETRY_MS * { constant: 1, linear: attempt, exponential: 2 ** (attempt - 1) }[node.backoff];
  return ms >= base && ms <= base + node.jitterMs;
}
