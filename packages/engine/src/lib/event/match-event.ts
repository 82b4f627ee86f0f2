import { type Json, type JsonObject, canonicalJson } from '@loopwright/protocol';
import type { ExpressionEvaluator } from '../expression/expression.ts';
import type { BoundExpression, CloudEvent, EventFilter } from './listener.ts';

/** The correlations' expectations after a match, or `undefined` when the event does not match. */
export function matchEvent(
  filter: EventFilter,
  event: CloudEvent,
  { expected, expressions }: { expected: JsonObject; expressions: ExpressionEvaluator },
): JsonObject | undefined {
  if (!Object.entries(filter.with).every(([name, wanted]) => fits(event[name] ?? null, wanted))) return undefined;
  if (filter.data !== undefined && !dataFits(filter.data, event['data'] ?? null, expressions)) return undefined;
  const after = { ...expected };
  for (const [name, { from, variables = {}, expect }] of Object.entries(filter.correlate)) {
    const value = valueOf(expressions, { expression: from, variables }, event);
    // An event that lacks what is correlated belongs to nobody.
    if (value === undefined || (value === null && expect === undefined)) return undefined;
    const wanted = expect ?? after[name];
    if (wanted !== undefined && !same(value, wanted)) return undefined;
    after[name] = wanted ?? value;
  }
  return after;
}

/** Whether an attribute of a filter is a regular expression. */
export function isPattern(text: string): boolean {
  return text.startsWith('^') && text.endsWith('$');
}

function fits(value: Json, wanted: Json): boolean {
  if (typeof wanted === 'string' && typeof value === 'string' && isPattern(wanted)) return new RegExp(wanted, 'u').test(value);
  return same(value, wanted);
}

function dataFits(bound: BoundExpression, data: Json, expressions: ExpressionEvaluator): boolean {
  const value = valueOf(expressions, bound, data);
  if (value === undefined) return false;
  return typeof value === 'boolean' ? value : same(value, data);
}

/** An expression that fails on an event does not match it: one listener must not keep the event from the others. */
function valueOf(expressions: ExpressionEvaluator, { expression, variables }: BoundExpression, input: Json): Json | undefined {
  try {
    return expressions.evaluate(expression, input, variables);
  } catch {
    return undefined;
  }
}

function same(left: Json, right: Json): boolean {
  return canonicalJson(left) === canonicalJson(right);
}
