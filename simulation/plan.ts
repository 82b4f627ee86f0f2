import type { Json } from '@loopwright/protocol';
import { type Choose, oneOf } from './choices.ts';
import type { Fault } from './faulty-store.ts';

interface Common {
  readonly name: string;
  /** `continue`, `exit`, `end` or the name of a later task of the list. */
  readonly next: string;
  readonly timeoutMs?: number;
}

/** One task of a generated definition. */
export type Node = Common &
  (
    | { readonly kind: 'set' | 'raise' }
    | { readonly kind: 'wait'; readonly ms: number }
    | { readonly kind: 'count'; readonly ms: number; readonly failures: number; readonly stubborn: boolean }
    | { readonly kind: 'clarify' | 'accept'; readonly expiresMs?: number }
    | { readonly kind: 'switch'; readonly below: number; readonly target: string }
    | { readonly kind: 'do'; readonly list: readonly Node[] }
    | { readonly kind: 'try'; readonly list: readonly Node[]; readonly retries: number; readonly caught: readonly Node[] }
  );

/** What the world does: to one execution, to the process or to the store. */
export type Action =
  | { readonly kind: 'start' | 'pause' | 'resume' | 'cancel'; readonly execution: number }
  /** Pauses inside the commit of the next event, before the execution has gone on from it. */
  | { readonly kind: 'pause-at-event'; readonly execution: number }
  | { readonly kind: 'answer'; readonly execution: number; readonly target: number; readonly valid: boolean; readonly id: number }
  | { readonly kind: 'advance'; readonly times: number }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly operation: number }
  | { readonly kind: 'crash' };

/** One simulated run: a definition, and what happens, with the turns of the event loop after it (`null`: until all is quiet). */
export interface Plan {
  readonly list: readonly Node[];
  readonly actions: readonly { readonly action: Action; readonly turns: number | null }[];
}

const EXECUTIONS = 2;
const NUMBERS = [0, 1, 10, 40, 100, 1000] as const;

export function generatePlan(choose: Choose): Plan {
  const names = { count: 0 };
  const list = generateList(choose, names, 0);
  const actions = Array.from({ length: 4 + choose(16) }, () => ({
    action: generateAction(choose),
    turns: oneOf(choose, null, 0, 1, 2, 3),
  }));
  return { list, actions: [{ action: { kind: 'start', execution: 0 }, turns: oneOf(choose, null, 0, 1, 2) }, ...actions] };
}

function generateList(choose: Choose, names: { count: number }, depth: number): Node[] {
  const list: Node[] = [];
  const length = 1 + choose(depth === 0 ? 5 : 3);
  for (let index = 0; index < length; index += 1) {
    const node = generateNode(choose, names, depth);
    list.push(node);
    // A jump back needs a task before it that lengthens the trace, or it would never end.
    if (node.kind === 'set' && choose(3) === 0) {
      list.push({ kind: 'switch', name: nextName(names), next: 'continue', below: 1 + choose(6), target: node.name });
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

function generateNode(choose: Choose, names: { count: number }, depth: number): Node {
  const ms = oneOf(choose, ...NUMBERS);
  const common = {
    name: nextName(names),
    next: 'continue',
    ...(choose(5) === 4 ? { timeoutMs: oneOf(choose, 20, 60, 300) } : {}),
  };
  const kind = choose(depth >= 2 ? 10 : 13);
  if (kind <= 2) return { ...common, kind: 'count', ms, failures: Math.max(0, choose(5) - 2), stubborn: choose(2) === 1 };
  if (kind === 3) return { name: common.name, next: common.next, kind: 'set' };
  if (kind === 4) return { ...common, kind: 'wait', ms };
  if (kind <= 8) {
    const expires = choose(3) === 2 ? { expiresMs: oneOf(choose, 10, 50, 500) } : {};
    return { ...common, kind: kind % 2 === 0 ? 'clarify' : 'accept', ...expires };
  }
  if (kind === 9) return depth > 0 && choose(4) === 3 ? { ...common, kind: 'raise' } : { ...common, kind: 'wait', ms };
  const list = generateList(choose, names, depth + 1);
  if (kind === 10) return { ...common, kind: 'do', list };
  const caught = choose(2) === 1 ? generateList(choose, names, depth + 1) : [];
  return { ...common, kind: 'try', list, retries: choose(4), caught };
}

function generateAction(choose: Choose): Action {
  const execution = choose(EXECUTIONS);
  const kind = choose(20);
  if (kind <= 4) return { kind: 'answer', execution, target: choose(6), valid: choose(5) !== 4, id: choose(12) };
  if (kind <= 9) return { kind: 'advance', times: 1 + choose(5) };
  if (kind <= 11) return { kind: 'start', execution };
  if (kind <= 13) return { kind: choose(2) === 1 ? 'pause-at-event' : 'pause', execution };
  if (kind === 14 || kind === 15) return { kind: 'resume', execution };
  if (kind === 16)
    return choose(3) === 2 ? { kind: 'cancel', execution } : { kind: 'answer', execution, target: 0, valid: true, id: 1 };
  if (kind === 17) return { kind: 'crash' };
  return {
    kind: 'fault',
    fault: oneOf<Fault>(choose, 'refuse', 'lose-acknowledgement', 'crash-before', 'crash-after'),
    operation: choose(5),
  };
}

/** Every task of a list and of the lists inside it. */
export function everyNode(list: readonly Node[]): Node[] {
  return list.flatMap((node) => [
    node,
    ...('list' in node ? everyNode(node.list) : []),
    ...(node.kind === 'try' ? everyNode(node.caught) : []),
  ]);
}

/** The definition of a plan, as JSON text of the DSL. Each task that does something appends one text to `.trace`. */
export function definitionOf(list: readonly Node[]): string {
  const document = { dsl: '1.0.0', namespace: 'simulation', name: 'plan', version: '1.0.0' };
  return JSON.stringify({ document, do: tasksOf(list) });
}

function tasksOf(list: readonly Node[]): Json[] {
  // Plans jump about and leave tasks that no way leads to, which a definition must not have: this switch names them all and does nothing.
  // oxlint-disable-next-line unicorn/no-thenable -- a key of the DSL; its value is never a function
  const cases = list.map(({ name }) => ({ [name]: { when: 'false', then: name } }));
  const tasks = list.map((node) => {
    const timeout = node.timeoutMs === undefined ? {} : { timeout: { after: { milliseconds: node.timeoutMs } } };
    // oxlint-disable-next-line unicorn/no-thenable -- a key of the DSL; its value is never a function
    return { [node.name]: { ...taskOf(node), ...timeout, then: node.next } };
  });
  return [{ reach: { switch: cases } }, ...tasks];
}

function taskOf(node: Node): Record<string, Json> {
  switch (node.kind) {
    case 'set':
      return { set: `\${ {trace: (.trace + ["${node.name}"])} }` };
    case 'raise':
      return { raise: { error: { type: 'runtime', status: 500, title: 'RAISED' } } };
    case 'wait':
      return { wait: { milliseconds: node.ms } };
    case 'count': {
      const { ms, failures, stubborn } = node;
      return { call: 'count', with: { ms, failures, stubborn }, output: { as: '${ {trace: ($input.trace + [.])} }' } };
    }
    case 'clarify':
    case 'accept': {
      const question = { id: 'WHICH', text: 'Which?', answer_type: 'single_choice', choices: ['a', 'b'] };
      const asked = node.kind === 'accept' ? { doc_type: 'version', subject: { digest: 'd' } } : { questions: [question] };
      const expires = node.expiresMs === undefined ? {} : { expires_in_ms: node.expiresMs };
      const output = { as: '${ {trace: ($input.trace + [.answered_by])} }' };
      return { call: node.kind, with: { title: node.name, ...asked, ...expires }, output };
    }
    case 'switch':
      // oxlint-disable-next-line unicorn/no-thenable -- a key of the DSL; its value is never a function
      return { switch: [{ again: { when: `(.trace | length) < ${node.below}`, then: node.target } }] };
    case 'do':
      return { do: tasksOf(node.list) };
    case 'try': {
      const retry =
        node.retries === 0 ? {} : { retry: { delay: { milliseconds: 15 }, limit: { attempt: { count: node.retries } } } };
      return { try: tasksOf(node.list), catch: { ...retry, ...(node.caught.length === 0 ? {} : { do: tasksOf(node.caught) }) } };
    }
  }
}
