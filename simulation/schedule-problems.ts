import { type CloudEvent, type Execution, type StoreReader, type StoredSchedule, isFinal } from '@loopwright/engine';
import { createHash } from 'node:crypto';
import type { FlowSchedule } from './node.ts';
import type { Call } from './world.ts';

/** The most starts by events that are looked at. */
const STARTS = 1000;

/** What is known when a schedule is looked at. */
interface Seen {
  readonly mayRest: boolean;
  /** Whether a timer is due and has not fired. */
  readonly isBehind: boolean;
  readonly calls: readonly Call[];
  readonly now: number;
  readonly executionIds: readonly string[];
}

/** What a schedule started is what its rule says: each due time, or each set of events, once. */
export function* scheduleProblems(
  read: StoreReader,
  { workflow, schedule }: { workflow: string; schedule: FlowSchedule },
  seen: Seen,
): Generator<string> {
  const row = read.schedules.get(workflow);
  if (row === undefined) {
    yield `the schedule of ${workflow} is gone`;
    return;
  }
  const started = seen.executionIds
    .flatMap((id) => read.execution(id) ?? [])
    .filter((one) => one.workflow === workflow && one.startedBy === 'schedule')
    .toSorted((one, other) => one.createdAt - other.createdAt);
  if (row.lastError !== null) yield `${workflow}: ${row.lastError}`;
  if (!seen.mayRest && row.starts !== started.length) yield `${workflow}: counts ${row.starts} starts of ${started.length}`;
  if (schedule.kind === 'on') yield* eventProblems(read, { row, started, schedule }, seen);
  else if (schedule.kind === 'after') yield* afterProblems(started, schedule.ms);
  else yield* everyProblems(row, started, { ms: schedule.ms, ...seen });
}

/** An execution for each due time, not before it, save for those that had come when the one before was started late: that stands for them. */
function* everyProblems(
  { workflow, createdAt, dueAt, state }: StoredSchedule,
  started: readonly Execution[],
  { ms, now, mayRest, isBehind }: { ms: number; now: number; mayRest: boolean; isBehind: boolean },
): Generator<string> {
  const due = Array.from({ length: Math.floor((now - createdAt) / ms) }, (_, index) => createdAt + (index + 1) * ms);
  const times = new Map(due.map((time) => [scheduledId(workflow, time), time]));
  const startedAt = new Map<number, number>();
  for (const { id, createdAt: at } of started) {
    const time = times.get(id);
    if (time === undefined || at < time) yield `${workflow}: ${id} was started at ${at}, due was ${String(time)}`;
    else startedAt.set(time, at);
  }
  const next = dueAt ?? Math.max(0, ...startedAt.keys());
  let coveredUntil = 0;
  for (const time of due.filter((one) => one < next)) {
    const at = startedAt.get(time);
    if (at === undefined && time > coveredUntil) yield `${workflow}: nothing was started for ${time}`;
    coveredUntil = at ?? coveredUntil;
  }
  if (state !== 'active') return;
  if (dueAt === null || dueAt <= createdAt || (dueAt - createdAt) % ms !== 0) yield `${workflow}: is due at ${String(dueAt)}`;
  else if (dueAt <= now && !mayRest && !isBehind) yield `${workflow}: was due at ${dueAt}, and no timer will start it`;
}

/** One after the other, with the time between the end of one and the start of the next. */
function* afterProblems(started: readonly Execution[], ms: number): Generator<string> {
  for (const [index, { id, createdAt }] of started.entries()) {
    const before = started[index - 1];
    if (before === undefined) continue;
    if (!isFinal(before.status) || createdAt < (before.completedAt ?? Infinity) + ms)
      yield `${id} was started at ${createdAt}, and ${before.id} ended at ${String(before.completedAt)}`;
  }
}

/** Every event is in one set; a start has all that its rule asks for, and nothing else. */
function* eventProblems(
  read: StoreReader,
  {
    row: { workflow, waiting, state, projectId },
    started,
    schedule: { mode, types },
  }: { row: StoredSchedule; started: readonly Execution[]; schedule: Extract<FlowSchedule, { kind: 'on' }> },
  { calls, executionIds }: Seen,
): Generator<string> {
  const decided = read.schedules
    .starts(STARTS)
    .filter((one) => one.workflow === workflow && read.execution(one.executionId) === undefined);
  const sets = [...started, ...decided].map(({ input }) => input as CloudEvent[]);
  for (const set of sets) {
    const found = set.map(({ type }) => type).toSorted();
    const isWhole =
      mode === 'all' ? found.join() === types.join() : found.length === 1 && types.some((type) => type === found[0]);
    if (!isWhole) yield `${workflow}: was started by ${found.join(' and ')}`;
  }
  const taken = [...sets.flat(), ...waiting.flatMap((listener) => listener.taken.map(({ event }) => event))].map(({ id }) => id);
  if (new Set(taken).size !== taken.length) yield `${workflow}: took an event twice: ${taken.toSorted().join(', ')}`;
  const emittedIn = (isMeant: (project: string | undefined) => boolean): CloudEvent[] =>
    executionIds
      .filter((id) => isMeant(read.projectOf(id)))
      .flatMap((id) => read.events(id, 0, 100_000))
      .flatMap(({ type, data }) => (type === 'event_emitted' ? [data as CloudEvent] : []));
  for (const { id } of emittedIn((project) => project !== projectId))
    if (taken.includes(id)) yield `${workflow}: took the event ${id} of another project`;
  if (state !== 'active') return;
  const emitted = emittedIn((project) => project === projectId);
  const published = calls.flatMap(({ event, outcome }) => (event !== undefined && outcome === 'taken' ? [event] : []));
  for (const { id, type } of [...published, ...emitted])
    if (types.some((one) => one === type) && !taken.includes(id)) yield `${workflow}: did not take the event ${id}`;
}

/** The id of what a due time starts, as README and decisions say: a UUID of version 8 from the digest of the cause. */
function scheduledId(workflow: string, due: number): string {
  const hex = createHash('sha256')
    .update(JSON.stringify(['schedule', workflow, due]))
    .digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
