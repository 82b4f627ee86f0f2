import { type Json, type JsonObject, canonicalJson } from '@loopwright/protocol';
import type { ExpressionEvaluator } from '../expression/expression.ts';

/** A CloudEvent: attributes by name, `source`, `type` and `id` among them. */
export type CloudEvent = JsonObject & { readonly id: string; readonly source: string; readonly type: string };

/** What one filter takes: events whose attributes are equal to these, and whose correlations hold. */
export interface EventFilter {
  readonly with: JsonObject;
  /** By name: an expression over the event, and what it must give; without `expect` the first event decides. */
  readonly correlate: Readonly<Record<string, { readonly from: string; readonly expect?: Json }>>;
}

/** What a listener waits for, and what it has. Stored as JSON while it waits. */
export interface Listener {
  /** `any` takes one event of one of the filters, `all` one event of each. */
  readonly mode: 'any' | 'all';
  readonly filters: readonly EventFilter[];
  readonly read: 'data' | 'envelope';
  /** The filter and the event of each one taken, in the order of arrival. */
  readonly taken: readonly { readonly filter: number; readonly event: CloudEvent }[];
  /** What the first events fixed for correlations without `expect`. */
  readonly expected: JsonObject;
}

/** The listener after an event, or `undefined` when it does not take it. The same event (`source` and `id`) is taken once. */
export function takeEvent(listener: Listener, event: CloudEvent, expressions: ExpressionEvaluator): Listener | undefined {
  if (listener.taken.some(({ event: { id, source } }) => id === event.id && source === event.source)) return undefined;
  for (const [index, filter] of listener.filters.entries()) {
    if (listener.taken.some((one) => one.filter === index)) continue;
    const expected = matches(filter, event, { expected: listener.expected, expressions });
    if (expected !== undefined) return { ...listener, expected, taken: [...listener.taken, { filter: index, event }] };
  }
  return undefined;
}

/** Whether a listener has what it waits for. */
export function isSatisfied({ mode, taken, filters }: Listener): boolean {
  return mode === 'any' ? taken.length > 0 : taken.length === filters.length;
}

/** What the task gives: the events in the order of arrival, as `read` says. */
export function listenerOutput({ taken, read }: Listener): Json {
  return taken.map(({ event }) => (read === 'envelope' ? event : (event['data'] ?? null)));
}

/** The types that a listener can take; an empty text stands for any. */
export function listenedTypes({ filters }: Listener): string[] {
  return [...new Set(filters.map((filter) => (typeof filter.with['type'] === 'string' ? filter.with['type'] : '')))];
}

/** The correlations' expectations after a match, or `undefined` when the event does not match. */
function matches(
  filter: EventFilter,
  event: CloudEvent,
  { expected, expressions }: { expected: JsonObject; expressions: ExpressionEvaluator },
): JsonObject | undefined {
  const isEqual = Object.entries(filter.with).every(([name, value]) => same(event[name] ?? null, value));
  if (!isEqual) return undefined;
  const after = { ...expected };
  for (const [name, { from, expect }] of Object.entries(filter.correlate)) {
    const value = valueOf(from, event, expressions);
    if (value === undefined) return undefined;
    const wanted = expect ?? after[name];
    if (wanted !== undefined && !same(value, wanted)) return undefined;
    after[name] = wanted ?? value;
  }
  return after;
}

/** An expression that fails on an event does not match it: one listener must not keep the event from the others. */
function valueOf(from: string, event: CloudEvent, expressions: ExpressionEvaluator): Json | undefined {
  try {
    return expressions.evaluate(from, event, {});
  } catch {
    return undefined;
  }
}

function same(left: Json, right: Json): boolean {
  return canonicalJson(left) === canonicalJson(right);
}
