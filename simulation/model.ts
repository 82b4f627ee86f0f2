import type { JournalEntry } from '@loopwright/engine';
import type { Json } from '@loopwright/protocol';
import type { Node } from './plan.ts';

/** Where an execution stands by the model: it has ended, or exactly one thing is open. */
export type Position =
  | { readonly state: 'completed'; readonly trace: readonly string[] }
  | { readonly state: 'failed'; readonly title: string }
  | { readonly state: 'open'; readonly key: string; readonly kind: 'step' | 'timer' | 'ask' | 'deadline' };

/** Ends the walk: nobody caught it, or the journal has no result for it yet. */
class Halt extends Error {
  readonly position: Exclude<Position, { state: 'completed' }>;
  constructor(position: Exclude<Position, { state: 'completed' }>) {
    super(position.state);
    this.position = position;
  }
}

interface Walk {
  readonly trace: readonly string[];
  readonly flow: 'continue' | 'end';
}

/**
 * The reference: what a definition does, given the facts that were recorded. It knows nothing of processes, replays and
 * transactions, so whatever the engine does between two facts must end where this says.
 */
export function positionOf(list: readonly Node[], journal: readonly JournalEntry[]): Position {
  const facts = new Map(journal.map((entry) => [entry.key, entry]));
  try {
    return { state: 'completed', trace: walkList(list, { facts, prefix: '', trace: [] }).trace };
  } catch (error) {
    if (error instanceof Halt) return error.position;
    throw error;
  }
}

interface At {
  readonly facts: ReadonlyMap<string, JournalEntry>;
  readonly prefix: string;
  readonly trace: readonly string[];
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
    guard(node.timeoutMs, at, key);
    const done = walkNode(node, { ...at, prefix: key, trace });
    ({ trace } = done);
    if (done.next === 'end') return { trace, flow: 'end' };
    if (done.next === 'exit') break;
    const target = done.next;
    index = target === 'continue' ? index + 1 : list.findIndex(({ name }) => name === target);
  }
  return { trace, flow: 'continue' };
}

/** A part whose time-out was recorded failed there, whatever was recorded inside. */
function guard(limitMs: number | undefined, { facts }: At, key: string): void {
  if (limitMs === undefined) return;
  const deadline = facts.get(`${key}@deadline`);
  if (deadline === undefined) throw new Halt({ state: 'open', key, kind: 'deadline' });
  if (deadline.state === 'done') throw new Halt({ state: 'failed', title: 'STEP_TIMEOUT' });
}

function walkNode(node: Node, at: At): { trace: readonly string[]; next: string } {
  const { trace, prefix: key } = at;
  const { next } = node;
  switch (node.kind) {
    case 'set':
      return { trace: [...trace, node.name], next };
    case 'raise':
      throw new Halt({ state: 'failed', title: 'RAISED' });
    case 'switch':
      return { trace, next: trace.length < node.below ? node.target : next };
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
    case 'do': {
      const inside = walkList(node.list, { ...at, prefix: `${key}/` });
      return { trace: inside.trace, next: inside.flow === 'end' ? 'end' : next };
    }
    case 'try': {
      const inside = walkTry(node, at);
      return { trace: inside.trace, next: inside.flow === 'end' ? 'end' : next };
    }
  }
}

function walkTry(node: Extract<Node, { kind: 'try' }>, at: At): Walk {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return walkList(node.list, { ...at, prefix: `${at.prefix}@try-${attempt}/` });
    } catch (error) {
      if (!(error instanceof Halt) || error.position.state !== 'failed') throw error;
      if (attempt <= node.retries) {
        result(at, `${at.prefix}@retry-${attempt}`, 'timer');
        continue;
      }
      if (node.caught.length === 0) return { trace: at.trace, flow: 'continue' };
      return walkList(node.caught, { ...at, prefix: `${at.prefix}@catch/` });
    }
  }
}

function result({ facts }: At, key: string, kind: 'step' | 'timer' | 'ask'): Json {
  const entry = facts.get(key);
  if (entry?.state === 'done') return entry.value;
  if (entry?.state === 'failed') {
    const { title } = entry.value as { title: string };
    throw new Halt({ state: 'failed', title });
  }
  throw new Halt({ state: 'open', key, kind });
}
