import type { JournalEntry } from '@loopwright/engine';
import type { Json } from '@loopwright/protocol';
import type { Flow, ListenNode, Node, TryNode } from './node.ts';

/** Something that must happen before an execution can go on. */
interface Open {
  readonly key: string;
  readonly kind: 'child' | 'step' | 'timer' | 'ask' | 'deadline' | 'listen' | 'emit' | 'now' | 'decision';
}

type Context = Readonly<Record<string, number>>;

/** Where an execution stands by the model: it has ended, or this is open, inside parts that have these deadlines. */
export type Position =
  | { readonly state: 'completed'; readonly output: { readonly trace: readonly string[]; readonly context: Context | null } }
  | { readonly state: 'failed'; readonly title: string }
  | { readonly state: 'open'; readonly open: readonly Open[]; readonly deadlines: readonly string[] };

/** Ends the walk: nobody caught it, or the journal has no result for it yet. */
class Halt extends Error {
  readonly position: Exclude<Position, { state: 'completed' }>;
  constructor(position: Exclude<Position, { state: 'completed' }>) {
    super(position.state);
    this.position = position;
  }
}

const failed = (title: string): Halt => new Halt({ state: 'failed', title });
const open = (key: string, kind: Open['kind']): Halt => new Halt({ state: 'open', open: [{ key, kind }], deadlines: [] });

interface At {
  readonly facts: ReadonlyMap<string, JournalEntry>;
  readonly prefix: string;
  readonly trace: readonly string[];
  /** `$context` of this branch of the flow. */
  readonly state: { context: Context | null };
  /** The round of the loop around, or the place of the event that is worked on. */
  readonly round: number;
}
interface Walk {
  readonly trace: readonly string[];
  readonly flow: 'continue' | 'end';
}
interface Step {
  readonly trace: readonly string[];
  readonly next: string;
}

/**
 * The reference: what a definition does with a trace, given the facts that were recorded. It knows nothing of processes, replays and
 * transactions, so whatever the engine does between two facts must end where this says.
 */
export function positionOf({ list, timeoutMs }: Flow, journal: readonly JournalEntry[], input: readonly string[]): Position {
  const facts = new Map(journal.map((entry) => [entry.key, entry]));
  const state = { context: null };
  const at: At = { facts, prefix: '', trace: input, state, round: 0 };
  try {
    const { trace } = guarded(timeoutMs, at, '', () => walkList(list, at));
    return { state: 'completed', output: { trace, context: state.context } };
  } catch (error) {
    if (error instanceof Halt) return error.position;
    throw error;
  }
}

function walkList(list: readonly Node[], at: At): Walk {
  const visits = new Map<string, number>();
  let { trace } = at;
  for (let index = 0; index < list.length;) {
    const node = list[index];
    if (node === undefined) break;
    const visit = (visits.get(node.name) ?? 0) + 1;
    visits.set(node.name, visit);
    const key = `${at.prefix}${node.name}${visit === 1 ? '' : `#${visit}`}`;
    const { next, trace: after } = walkTask(node, { ...at, prefix: key, trace });
    trace = after;
    if (next === 'end') return { trace, flow: 'end' };
    if (next === 'exit') break;
    index = next === 'continue' ? index + 1 : list.findIndex(({ name }) => name === next);
  }
  return { trace, flow: 'continue' };
}

function walkTask(node: Node, at: At): Step {
  if (node.below !== undefined && at.trace.length >= node.below) return { trace: at.trace, next: 'continue' };
  const done = guarded(node.timeoutMs, at, at.prefix, () => walkNode(node, at));
  if (node.exports !== undefined) at.state.context = { ...at.state.context, [node.exports]: done.trace.length };
  return done;
}

/** A part whose time-out was recorded failed there, whatever was recorded inside. */
function guarded<T>(limitMs: number | undefined, { facts }: At, key: string, walk: () => T): T {
  if (limitMs === undefined) return walk();
  const deadline = `${key}@deadline`;
  const fact = facts.get(deadline);
  if (fact === undefined) throw open(deadline, 'deadline');
  if (fact.state === 'done') throw failed('STEP_TIMEOUT');
  try {
    return walk();
  } catch (error) {
    if (!(error instanceof Halt) || error.position.state === 'failed') throw error;
    throw new Halt({ ...error.position, deadlines: [...error.position.deadlines, deadline] });
  }
}

function walkNode(node: Node, at: At): Step {
  const { trace, prefix: key } = at;
  const { next } = node;
  const flowOf = (walk: Walk): Step => ({ trace: walk.trace, next: walk.flow === 'end' ? 'end' : next });
  switch (node.kind) {
    case 'set':
      return { trace: [...trace, node.indexed ? `${node.name}-${at.round}` : node.name], next };
    case 'raise':
      throw failed('RAISED');
    case 'switch':
      return { trace, next: trace.length < node.shorter ? node.target : next };
    case 'wait':
      result(at, key, 'timer');
      return { trace, next };
    case 'count':
      return { trace: [...trace, result(at, key, 'step') as string], next };
    case 'clarify':
    case 'accept': {
      const answer = result(at, key, 'ask') as { answered_by: string };
      return { trace: [...trace, answer.answered_by], next };
    }
    case 'emit':
      result(at, key, 'emit');
      return { trace: [...trace, node.name], next };
    case 'listen': {
      if (node.each !== undefined) return flowOf(walkEach(node, node.each, at));
      const heard = result(at, key, 'listen') as { tag?: string; data?: { tag: string } }[];
      return { trace: [...trace, heard.map((one) => (node.envelope ? one.data?.tag : one.tag)).join('+')], next };
    }
    case 'child': {
      const output = result(at, key, 'child');
      return { trace: node.awaits ? (output as { trace: string[] }).trace : [...trace, node.name], next };
    }
    case 'do':
      return flowOf(walkList(node.list, { ...at, prefix: `${key}/` }));
    case 'for':
      return flowOf(walkFor(node, at));
    case 'fork':
      return { trace: walkFork(node, at), next };
    case 'try':
      return flowOf(walkTry(node, at));
  }
}

function walkFor(node: Extract<Node, { kind: 'for' }>, at: At): Walk {
  let { trace } = at;
  for (let round = 0; round < node.count; round += 1) {
    if (node.shorter !== undefined && trace.length >= node.shorter) break;
    const walk = walkList(node.list, { ...at, prefix: `${at.prefix}@for-${round}/`, trace, round });
    ({ trace } = walk);
    if (walk.flow === 'end') return walk;
  }
  return { trace, flow: 'continue' };
}

/** Works on the events in the order in which they were recorded; while it does, the listener may still be open. */
function walkEach(node: ListenNode, list: readonly Node[], at: At): Walk {
  const key = at.prefix;
  const listener = at.facts.get(key);
  if (listener === undefined) throw open(key, 'listen');
  const trace = [...at.trace];
  for (let index = 0; ; index += 1) {
    const fact = at.facts.get(`${key}@event-${index}`);
    if (fact === undefined) throw open(key, 'listen');
    if (fact.state === 'failed') throw failed((fact.value as { title: string }).title);
    if (fact.value === null) return { trace, flow: 'continue' };
    const { event } = fact.value as { event: { tag?: string; data?: { tag: string } } };
    const tag = (node.envelope ? event.data?.tag : event.tag) ?? '';
    const round = listening(listener, () =>
      walkList(list, { ...at, prefix: `${key}@each-${index}/`, trace: [tag], round: index }),
    );
    // The output of the round that ends the workflow is that of the task.
    if (round.flow === 'end') return { trace: [...at.trace, ...round.trace], flow: 'end' };
    trace.push(...round.trace);
    if (typeof node.until === 'object' && 'atLeast' in node.until && index + 1 >= node.until.atLeast)
      return { trace, flow: 'continue' };
  }
}

function listening<T>({ key, state }: JournalEntry, walk: () => T): T {
  try {
    return walk();
  } catch (error) {
    if (state !== 'waiting' || !(error instanceof Halt) || error.position.state === 'failed') throw error;
    throw new Halt({ ...error.position, open: [...error.position.open, { key, kind: 'listen' }] });
  }
}

type Branch = { readonly context: Context | null } & (
  | { readonly state: 'completed'; readonly trace: readonly string[] }
  | Exclude<Position, { state: 'completed' }>
);

function walkFork({ branches, compete }: Extract<Node, { kind: 'fork' }>, at: At): readonly string[] {
  const key = `${at.prefix}@decided`;
  const fact = at.facts.get(key);
  if (fact?.state === 'failed') throw failed((fact.value as { title: string }).title);
  const before = at.state.context;
  const ends = branches.map((node, index) => walkBranch(node, { ...at, prefix: `${at.prefix}@branch-${index}/` }));
  const winner = typeof fact?.value === 'number' ? ends[fact.value] : undefined;
  if (winner?.state === 'completed') {
    at.state.context = winner.context;
    return winner.trace;
  }
  const well = ends.filter((end) => end.state === 'completed');
  if (fact !== undefined && well.length === ends.length) {
    at.state.context = joined(before, ends);
    return [...at.trace, ...well.flatMap(({ trace }) => trace.slice(at.trace.length))];
  }
  const waiting = ends.filter((end) => end.state === 'open');
  const ill = ends.length - well.length - waiting.length;
  const isOver = waiting.length === 0 || (compete ? well.length > 0 : ill > 0);
  throw new Halt({
    state: 'open',
    open: [...waiting.flatMap((end) => end.open), ...(isOver ? [{ key, kind: 'decision' } as const] : [])],
    deadlines: waiting.flatMap(({ deadlines }) => deadlines),
  });
}

function walkBranch(node: Node, at: At): Branch {
  const state = { context: at.state.context };
  try {
    const { trace } = walkList([node], { ...at, state });
    return { state: 'completed', trace, context: state.context };
  } catch (error) {
    if (error instanceof Halt) return { ...error.position, context: null };
    throw error;
  }
}

/** What a branch changed counts; of two that changed the same, the later one. */
function joined(before: Context | null, ends: readonly Branch[]): Context | null {
  const changes = ends.flatMap(({ context }) =>
    Object.entries(context ?? {}).filter(([name, value]) => before?.[name] !== value),
  );
  return changes.length === 0 ? before : { ...before, ...Object.fromEntries(changes) };
}

function walkTry(node: TryNode, at: At): Walk {
  const { prefix: key } = at;
  const limited = node.retries > 0 && node.durationMs !== undefined;
  const startedAt = limited ? Number(result(at, `${key}@started`, 'now')) : 0;
  const attemptMs = node.retries > 0 ? node.attemptMs : undefined;
  for (let attempt = 1; ; attempt += 1) {
    const part = `${key}@try-${attempt}`;
    try {
      return guarded(attemptMs, at, part, () => walkList(node.list, { ...at, prefix: `${part}/` }));
    } catch (error) {
      if (!(error instanceof Halt) || error.position.state !== 'failed') throw error;
      if (node.only !== undefined && node.only !== error.position.title) throw error;
      if (attempt <= node.retries) {
        const elapsedMs = limited ? Number(result(at, `${key}@failed-${attempt}`, 'now')) - startedAt : 0;
        if (!limited || elapsedMs < (node.durationMs ?? 0)) {
          result(at, `${key}@retry-${attempt}`, 'timer');
          continue;
        }
      }
      if (node.caught.length === 0) return { trace: at.trace, flow: 'continue' };
      return walkList(node.caught, { ...at, prefix: `${key}@catch/` });
    }
  }
}

function result({ facts }: At, key: string, kind: Open['kind']): Json {
  const entry = facts.get(key);
  if (entry?.state === 'done') return entry.value;
  if (entry?.state === 'failed') throw failed((entry.value as { title: string }).title);
  throw open(key, kind);
}
