import type { Json } from '@loopwright/protocol';
import {
  type Flow,
  type FlowSchedule,
  type ListenEnd,
  type ListenNode,
  type Node,
  RETRY_MS,
  type TryNode,
  workflowName,
} from './node.ts';

/** The definition of a flow, as JSON text of the DSL. Each task that does something appends one text to `.trace`. */
export function definitionOf({ list, timeoutMs, budget, schedule }: Flow, name = 'plan'): string {
  const metadata = budget === undefined ? {} : { metadata: { loopwright: { budgets: { ...budget } } } };
  return JSON.stringify({
    document: { dsl: '1.0.0', namespace: 'simulation', name, version: '1.0.0', ...metadata },
    ...(timeoutMs === undefined ? {} : { timeout: after(timeoutMs) }),
    // What a schedule starts gets nothing, or events.
    ...(schedule === undefined ? {} : { schedule: scheduleOf(schedule), input: { from: '${ {trace: []} }' } }),
    do: listOf(list),
    output: { as: '${ {trace, context: $context} }' },
  });
}

function scheduleOf(schedule: FlowSchedule): Json {
  if (schedule.kind !== 'on') return { [schedule.kind]: { milliseconds: schedule.ms } };
  const filters = schedule.types.map((type) => ({ with: { type } }));
  return { on: schedule.mode === 'one' ? { one: filters[0] ?? null } : { [schedule.mode]: filters } };
}

const after = (milliseconds: number): Json => ({ after: { milliseconds } });
/** The input with one text more, which an expression over the raw output gives. */
const traced = (expression: string): Json => ({ as: `\${ {trace: ($input.trace + [${expression}])} }` });

/**
 * Plans jump about and leave tasks that no way leads to, which a definition must not have: the switch before them names them all and does
 * nothing.
 */
function listOf(list: readonly Node[]): Json[] {
  // oxlint-disable-next-line unicorn/no-thenable -- a key of the DSL; its value is never a function
  const cases = list.map(({ name }) => ({ [name]: { when: 'false', then: name } }));
  return [{ reach: { switch: cases } }, ...tasksOf(list)];
}

function tasksOf(list: readonly Node[]): Json[] {
  return list.map((node) => {
    const { timeoutMs, below, exports, next } = node;
    const more = {
      ...(timeoutMs === undefined ? {} : { timeout: after(timeoutMs) }),
      ...(below === undefined ? {} : { if: `\${ (.trace | length) < ${below} }` }),
      ...(exports === undefined ? {} : { export: { as: `\${ ($context // {}) + {${exports}: (.trace | length)} }` } }),
    };
    // oxlint-disable-next-line unicorn/no-thenable -- a key of the DSL; its value is never a function
    return { [node.name]: { ...taskOf(node), ...more, then: next } };
  });
}

function taskOf(node: Node): Record<string, Json> {
  switch (node.kind) {
    case 'set':
      return { set: `\${ {trace: (.trace + ["${node.name}${node.indexed ? '-\\($index)' : ''}"])} }` };
    case 'raise':
      return { raise: { error: { type: 'runtime', status: 500, title: 'RAISED' } } };
    case 'wait':
      return { wait: { milliseconds: node.ms } };
    case 'count': {
      const { ms, failures, stubborn } = node;
      return { call: 'count', with: { ms, failures, stubborn }, output: traced('.') };
    }
    case 'clarify':
    case 'accept': {
      const question = { id: 'WHICH', text: 'Which?', answer_type: 'single_choice', choices: ['a', 'b'] };
      const asked = node.kind === 'accept' ? { doc_type: 'version', subject: { digest: 'd' } } : { questions: [question] };
      const expires = node.expiresMs === undefined ? {} : { expires_in_ms: node.expiresMs };
      return { call: node.kind, with: { title: node.name, ...asked, ...expires }, output: traced('.answered_by') };
    }
    case 'switch':
      // oxlint-disable-next-line unicorn/no-thenable -- a key of the DSL; its value is never a function
      return { switch: [{ again: { when: `(.trace | length) < ${node.shorter}`, then: node.target } }] };
    case 'emit': {
      const data = { colour: node.colour, tag: node.name };
      return { emit: { event: { with: { source: 'simulation', type: node.type, data } } }, output: traced('.data.tag') };
    }
    case 'listen':
      return listenTask(node);
    case 'child': {
      const workflow = { namespace: 'simulation', name: workflowName(node.flow), version: '1.0.0' };
      const output = node.awaits ? { as: '${ {trace: .trace} }' } : traced(`"${node.name}"`);
      return { run: { workflow, await: node.awaits }, output };
    }
    case 'do':
      return { do: listOf(node.list) };
    case 'for': {
      const goesOn = node.shorter === undefined ? {} : { while: `(.trace | length) < ${node.shorter}` };
      return { for: { in: `[range(${node.count})]` }, ...goesOn, do: listOf(node.list) };
    }
    case 'fork': {
      const joined = { as: '${ {trace: ($input.trace + ([.[].trace[($input.trace | length):]] | add // []))} }' };
      const { compete, branches } = node;
      return { fork: { compete, branches: tasksOf(branches) }, ...(compete ? {} : { output: joined }) };
    }
    case 'try':
      return tryTask(node);
  }
}

function listenTask({ mode, types, correlate, envelope, until, each }: ListenNode): Record<string, Json> {
  const correlation = { from: '.data.colour', ...(correlate === 'first' ? {} : { expect: correlate }) };
  const filters = types.map((type) => ({
    with: { type },
    ...(correlate === 'none' ? {} : { correlate: { colour: correlation } }),
  }));
  const to =
    mode === 'one' ? { one: filters[0] ?? null } : { [mode]: filters, ...(until === undefined ? {} : { until: endOf(until) }) };
  const tag = envelope ? '.data.tag' : '.tag';
  const listen = { to, read: envelope ? 'envelope' : 'data' };
  if (each === undefined) return { listen, output: traced(`[.[] | ${tag}] | join("+")`) };
  // The rounds begin with the event, so their tasks get a trace of their own; a round that ends the workflow gives its output alone.
  const begin = { begin: { set: `\${ {trace: [${tag}]} }` } };
  const output = { as: '${ {trace: ($input.trace + (if type == "array" then [.[].trace[]] else .trace end))} }' };
  return { listen, foreach: { do: [begin, ...listOf(each)] }, output };
}

function endOf(until: ListenEnd): Json {
  if (until === 'never') return false;
  return 'type' in until ? { one: { with: { type: until.type } } } : `length >= ${until.atLeast}`;
}

function tryTask({ list, retries, backoff, jitterMs, attemptMs, durationMs, only, caught }: TryNode): Record<string, Json> {
  const ms = (milliseconds: number): Json => ({ milliseconds });
  const attempt = { count: retries, ...(attemptMs === undefined ? {} : { duration: ms(attemptMs) }) };
  const retry = {
    delay: ms(RETRY_MS),
    ...(backoff === 'constant' ? {} : { backoff: { [backoff]: {} } }),
    ...(jitterMs === 0 ? {} : { jitter: { from: ms(0), to: ms(jitterMs) } }),
    limit: { attempt, ...(durationMs === undefined ? {} : { duration: ms(durationMs) }) },
  };
  return {
    try: listOf(list),
    catch: {
      ...(only === undefined ? {} : { errors: { with: { title: only } } }),
      ...(retries === 0 ? {} : { retry }),
      ...(caught.length === 0 ? {} : { do: listOf(caught) }),
    },
  };
}
