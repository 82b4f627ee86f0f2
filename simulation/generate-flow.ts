import { type Choose, oneOf } from './choices.ts';
import {
  COLOURS,
  EVENT_TYPES,
  type Flow,
  type FlowBudget,
  type FlowSchedule,
  type ListenEnd,
  type ListenNode,
  type Node,
  type TryNode,
} from './node.ts';

const NUMBERS = [0, 1, 10, 40, 100, 1000] as const;
const DEPTH = 3;

/** Where a task stands: how deep, and whether inside a loop. */
interface Place {
  readonly depth: number;
  readonly looped: boolean;
  /** Whether it is worked on for each event of a listener: what it emits there would be its own next event. */
  readonly heard: boolean;
  /** The places of the definitions that a task may run. */
  readonly parts: readonly number[];
}

/** Makes the definitions of a plan, of which each may run those behind it; one that has a schedule stands last and is run by none. */
export function generateFlows(choose: Choose): Flow[] {
  const count = 1 + oneOf(choose, 0, 0, 1, 2);
  const places = Array.from({ length: count }, (_, place) => place);
  const flows = places.map((place) => generateFlow(choose, places.slice(place + 1)));
  return choose(4) === 3 ? [...flows, { ...generateFlow(choose, [], true), schedule: generateSchedule(choose) }] : flows;
}

/** Makes one definition, whose tasks may run those at the given places; one that events start emits none, or it would start itself for ever. */
export function generateFlow(choose: Choose, parts: readonly number[] = [], heard = false): Flow {
  const names = { count: 0 };
  const list = generateList(choose, names, { depth: 0, looped: false, heard, parts });
  const timeout = choose(10) === 9 ? { timeoutMs: oneOf(choose, 60, 300, 2000) } : {};
  return { list, ...timeout, ...(choose(4) === 3 ? { budget: generateBudget(choose) } : {}) };
}

function generateSchedule(choose: Choose): FlowSchedule {
  const kind = oneOf(choose, 'every', 'after', 'on');
  if (kind !== 'on') return { kind, ms: oneOf(choose, 1000, 1500, 4000) };
  const mode = oneOf(choose, 'one', 'any', 'all');
  return { kind, mode, types: mode === 'one' ? [oneOf(choose, ...EVENT_TYPES)] : EVENT_TYPES };
}

function generateBudget(choose: Choose): FlowBudget {
  const kind = choose(3);
  return {
    ...(kind === 1 ? {} : { attempts: 1 + choose(4) }),
    ...(kind === 0 ? {} : { wall_seconds: oneOf(choose, 0.02, 0.1, 0.5) }),
  };
}

function generateList(choose: Choose, names: { count: number }, place: Place): Node[] {
  const list: Node[] = [];
  const length = 1 + choose(place.depth === 0 ? 5 : 3);
  for (let index = 0; index < length; index += 1) {
    const node = generateNode(choose, names, place);
    list.push(node);
    // A jump back needs a task before it that lengthens the trace, or it would never end.
    if (node.kind === 'set' && choose(3) === 0) {
      list.push({ kind: 'switch', name: nextName(names), next: 'continue', shorter: 1 + choose(6), target: node.name });
    }
  }
  return list.map((node, index) =>
    node.kind === 'switch' ? node : Object.assign(node, { next: chooseNext(choose, list, index) }),
  );
}

function chooseNext(choose: Choose, list: readonly Node[], index: number): string {
  const kind = choose(12);
  if (kind === 11) return 'exit';
  if (kind === 10) return 'end';
  if (kind === 9) return list[index + 1 + choose(3)]?.name ?? 'continue';
  return 'continue';
}

function nextName(names: { count: number }): string {
  names.count += 1;
  return `t${names.count}`;
}

function generateNode(choose: Choose, names: { count: number }, place: Place): Node {
  const ms = oneOf(choose, ...NUMBERS);
  const exported = choose(6) >= 4 ? { exports: oneOf(choose, 'a', 'b') } : {};
  const plain = { name: nextName(names), next: 'continue', ...exported };
  const common = {
    ...plain,
    ...(choose(5) === 4 ? { timeoutMs: oneOf(choose, 20, 60, 300) } : {}),
    ...(choose(10) === 9 ? { below: choose(4) } : {}),
  };
  if (place.parts.length > 0 && !place.heard && choose(6) === 5) {
    const flow = place.parts[choose(place.parts.length)] ?? 0;
    return { ...common, kind: 'child', flow, awaits: choose(4) !== 3 };
  }
  const kind = choose(place.depth >= DEPTH ? 12 : 18);
  if (kind <= 2) return { ...common, kind: 'count', ms, failures: Math.max(0, choose(5) - 2), stubborn: choose(2) === 1 };
  if (kind === 3) return { ...plain, kind: 'set', indexed: place.looped };
  if (kind === 4) return { ...common, kind: 'wait', ms };
  if (kind <= 7) {
    const expires = choose(3) === 2 ? { expiresMs: oneOf(choose, 10, 50, 500) } : {};
    return { ...common, kind: kind % 2 === 0 ? 'clarify' : 'accept', ...expires };
  }
  if (kind === 8)
    return place.depth > 0 && choose(4) === 3 ? { ...common, kind: 'raise' } : { ...plain, kind: 'set', indexed: place.looped };
  if (kind === 9 && place.heard) return { ...plain, kind: 'set', indexed: place.looped };
  if (kind === 9) return { ...common, kind: 'emit', type: oneOf(choose, ...EVENT_TYPES), colour: oneOf(choose, ...COLOURS) };
  if (kind <= 11) return generateListen(choose, names, { place, common });
  return generateComposite(choose, names, { place, common, kind });
}

function generateListen(
  choose: Choose,
  names: { count: number },
  { place, common }: { place: Place; common: Pick<Node, 'name' | 'next' | 'timeoutMs'> },
): ListenNode {
  const mode = oneOf(choose, 'one', 'any', 'all');
  const correlate = oneOf<ListenNode['correlate']>(choose, 'none', 'first', 'x', 'y');
  const until = mode === 'any' && choose(2) === 1 ? generateEnd(choose, common.timeoutMs) : undefined;
  const isEnded = typeof until === 'object' && 'type' in until;
  const types = mode === 'one' ? [oneOf(choose, ...EVENT_TYPES)] : EVENT_TYPES.filter((type) => !isEnded || type !== until.type);
  const inside = { ...place, depth: place.depth + 1, looped: true, heard: true };
  const each = place.depth < DEPTH && choose(3) === 2 ? { each: generateList(choose, names, inside) } : {};
  const listen = { mode, types, correlate, envelope: choose(2) === 1, ...(until === undefined ? {} : { until }), ...each };
  return { ...common, kind: 'listen', ...listen };
}

function generateEnd(choose: Choose, timeoutMs: number | undefined): ListenEnd {
  const kind = choose(timeoutMs === undefined ? 4 : 5);
  if (kind === 4) return 'never';
  return kind < 2 ? { atLeast: 1 + choose(3) } : { type: oneOf(choose, ...EVENT_TYPES) };
}

function generateComposite(
  choose: Choose,
  names: { count: number },
  { place, common, kind }: { place: Place; common: Pick<Node, 'name' | 'next'>; kind: number },
): Node {
  const inside = { ...place, depth: place.depth + 1 };
  if (kind === 12) return { ...common, kind: 'do', list: generateList(choose, names, inside) };
  if (kind === 13) {
    const shorter = choose(3) === 2 ? { shorter: 1 + choose(5) } : {};
    return {
      ...common,
      kind: 'for',
      count: choose(4),
      ...shorter,
      list: generateList(choose, names, { ...inside, looped: true }),
    };
  }
  if (kind <= 15) {
    // The branches of a fork stand beside one another: `then` has nowhere to go.
    const branches = Array.from({ length: 1 + choose(3) }, () => generateNode(choose, names, inside));
    return {
      ...common,
      kind: 'fork',
      compete: choose(2) === 1,
      branches,
    };
  }
  return generateTry(choose, names, { inside, common });
}

function generateTry(
  choose: Choose,
  names: { count: number },
  { inside, common }: { inside: Place; common: Pick<Node, 'name' | 'next'> },
): TryNode {
  return {
    ...common,
    kind: 'try',
    list: generateList(choose, names, inside),
    retries: choose(4),
    backoff: oneOf(choose, 'constant', 'linear', 'exponential'),
    jitterMs: oneOf(choose, 0, 0, 30),
    ...(choose(4) === 3 ? { attemptMs: oneOf(choose, 20, 60, 300) } : {}),
    ...(choose(4) === 3 ? { durationMs: oneOf(choose, 10, 60, 300) } : {}),
    ...(choose(4) === 3 ? { only: oneOf(choose, 'RAISED', 'STEP_TIMEOUT', 'INTERNAL_ERROR') } : {}),
    caught: choose(2) === 1 ? generateList(choose, names, inside) : [],
  };
}
