import type { Json, JsonObject } from '@loopwright/protocol';
import type { EventConsumption, WrittenFilter } from '../definition/event-consumption.ts';
import { type ExpressionEvaluator, type Variables, isExpression } from '../expression/expression.ts';
import type { BoundExpression, EventFilter, Listener, ListenerEnd, ReadAs } from './listener.ts';

/** What the expressions of a strategy see when listening begins. */
interface Surroundings {
  readonly expressions: ExpressionEvaluator;
  readonly input: Json;
  readonly variables: Variables;
}

/**
 * The listener of a strategy, nothing taken yet. Attributes and expectations are evaluated now; what looks at the events (`data`, `from`,
 * `until`) is kept with the variables it names. Throws the standard's `expression` error.
 */
export function beginListener(
  strategy: EventConsumption,
  { read, each = false }: { read: ReadAs; each?: boolean },
  at: Surroundings,
): Listener {
  const written = 'one' in strategy ? [strategy.one] : 'any' in strategy ? strategy.any : strategy.all;
  const until = 'any' in strategy ? endOf(strategy.until, at) : undefined;
  return {
    mode: 'all' in strategy ? 'all' : 'any',
    filters: written.map((filter) => beginFilter(filter, at)),
    read,
    ...(until === undefined ? {} : { until }),
    ...(each ? { each, count: 0 } : {}),
    taken: [],
    expected: {},
  };
}

function endOf(until: Extract<EventConsumption, { any: unknown }>['until'], at: Surroundings): ListenerEnd | undefined {
  if (until === undefined) return undefined;
  if (until === false) return { kind: 'never' };
  if (typeof until === 'string') return { kind: 'condition', condition: bind(until, at) };
  return { kind: 'events', listener: beginListener(until, { read: 'envelope' }, at) };
}

function beginFilter(filter: WrittenFilter, at: Surroundings): EventFilter {
  const { data, ...attributes } = filter.with;
  const resolve = (value: Json): Json => at.expressions.resolve(value, at.input, at.variables);
  const correlations = Object.entries(filter.correlate ?? {}).map(([name, { from, expect }]) => {
    const { expression, variables } = bind(from, at);
    return [name, { from: expression, variables, ...(expect === undefined ? {} : { expect: resolve(expect) }) }];
  });
  const isPredicate = typeof data === 'string' && isExpression(data);
  const wanted = data === undefined || isPredicate ? attributes : filter.with;
  return {
    with: Object.fromEntries(Object.entries(wanted).map(([name, value]) => [name, resolve(value)])),
    ...(isPredicate ? { data: bind(data, at) } : {}),
    correlate: Object.fromEntries(correlations) as EventFilter['correlate'],
  };
}

/** Keeps an expression with the variables it names: a `$workflow` that nobody asks for would be stored with every listener. */
function bind(expression: string, { variables }: Surroundings): BoundExpression {
  const bound: Record<string, Json> = {};
  for (const [, name = ''] of expression.matchAll(/\$([A-Za-z_]\w*)/g)) {
    const value = variables[name];
    if (value !== undefined) bound[name] = value;
  }
  return { expression, variables: bound satisfies JsonObject };
}
