import { type Json, type JsonObject, canonicalJson } from '@loopwright/protocol';
import type { ExpressionEvaluator } from '../expression/expression.ts';
import { isPattern, matchEvent } from './match-event.ts';

/** A CloudEvent: attributes by name, `source`, `type` and `id` among them. */
export type CloudEvent = JsonObject & { readonly id: string; readonly source: string; readonly type: string };

/** An expression that is evaluated when an event comes, with the variables it names as they were when the listener began. */
export interface BoundExpression {
  readonly expression: string;
  readonly variables: JsonObject;
}

/** What one filter takes: events whose attributes fit these, and whose correlations hold. */
export interface EventFilter {
  /** Attributes an event must have; a text `^…$` is a regular expression. */
  readonly with: JsonObject;
  /** Over the event's data: `true` or `false`, or what the data must be equal to. */
  readonly data?: BoundExpression;
  /** By name: an expression over the event, and what it must give; without `expect` the first event decides. */
  readonly correlate: Readonly<
    Record<string, { readonly from: string; readonly variables?: JsonObject; readonly expect?: Json }>
  >;
}

/** What ends a listener of `any` that takes more than one event. */
export type ListenerEnd =
  | { readonly kind: 'never' }
  /** Over the array of the events taken, as `read` gives them. */
  | { readonly kind: 'condition'; readonly condition: BoundExpression }
  /** Events that are no part of what the listener gives. */
  | { readonly kind: 'events'; readonly listener: Listener };

/** How an event is given on: its data, the whole of it, or its data as they were sent. */
export type ReadAs = 'data' | 'envelope' | 'raw';

/** What a listener waits for, and what it has. Stored as JSON while it waits. */
export interface Listener {
  /** `any` takes events of one of the filters (none: every event), `all` one event of each. */
  readonly mode: 'any' | 'all';
  readonly filters: readonly EventFilter[];
  readonly read: ReadAs;
  /** What ends `any`; left out: the first event does. */
  readonly until?: ListenerEnd;
  /** Whether each event is given on by itself as it comes; they are counted then, and not kept here. */
  readonly each?: boolean;
  readonly count?: number;
  /** The filter and the event of each one taken, in the order of arrival; with `each` only the filter of an `all`. */
  readonly taken: readonly { readonly filter: number; readonly event: CloudEvent }[];
  /** What the first events fixed for correlations without `expect`. */
  readonly expected: JsonObject;
}

/** What an event did to a listener that took it. */
export interface TakenEvent {
  readonly listener: Listener;
  /** Whether it is a part of what the listener gives; an event that only ends it is not. */
  readonly isGiven: boolean;
  /** Whether the listener has all it waited for. */
  readonly isSatisfied: boolean;
}

/** The listener after an event, or `undefined` when it does not take it. The same event (`source` and `id`) is taken once. */
export function takeEvent(listener: Listener, event: CloudEvent, expressions: ExpressionEvaluator): TakenEvent | undefined {
  const { until } = listener;
  if (until?.kind === 'events') {
    const ending = takeEvent(until.listener, event, expressions);
    if (ending !== undefined) {
      const after: Listener = { ...listener, until: { ...until, listener: ending.listener } };
      return { listener: after, isGiven: false, isSatisfied: ending.isSatisfied };
    }
  }
  if (listener.taken.some(({ event: { id, source } }) => id === event.id && source === event.source)) return undefined;
  const match = firstMatch(listener, event, expressions);
  if (match === undefined) return undefined;
  const count = countOf(listener) + 1;
  const isKept = listener.each !== true || listener.mode === 'all';
  const taken = isKept ? [...listener.taken, { filter: match.filter, event }] : listener.taken;
  const after: Listener = { ...listener, taken, expected: match.expected, ...(listener.each === true ? { count } : {}) };
  return { listener: after, isGiven: true, isSatisfied: isSatisfied(after, expressions) };
}

/** How many events a listener has taken. */
export function countOf({ count, taken }: Listener): number {
  return count ?? taken.length;
}

/** What the task gives: the events in the order of arrival, as `read` says. */
export function listenerOutput({ taken, read }: Listener): Json[] {
  return taken.map(({ event }) => readEvent(event, read));
}

/** An event as it is given on. Data that came in Base64 are read when they are JSON; `raw` gives the text that was sent. */
export function readEvent(event: CloudEvent, read: ReadAs): Json {
  if (read === 'envelope') return event;
  const { data = null, data_base64: encoded } = event;
  if (typeof encoded === 'string') return read === 'raw' ? encoded : decoded(encoded);
  return read === 'data' || typeof data === 'string' ? data : canonicalJson(data);
}

/** The types that a listener can take; an empty text stands for any. */
export function listenedTypes({ filters, until }: Listener): string[] {
  const types = filters.map(({ with: { type } }) => (typeof type === 'string' && !isPattern(type) ? type : ''));
  const ending = until?.kind === 'events' ? listenedTypes(until.listener) : [];
  return [...new Set([...(filters.length === 0 ? [''] : types), ...ending])];
}

function firstMatch(
  { mode, filters, taken, expected }: Listener,
  event: CloudEvent,
  expressions: ExpressionEvaluator,
): { filter: number; expected: JsonObject } | undefined {
  if (mode === 'any' && filters.length === 0) return { filter: -1, expected };
  for (const [index, filter] of filters.entries()) {
    if (mode === 'all' && taken.some((one) => one.filter === index)) continue;
    const after = matchEvent(filter, event, { expected, expressions });
    if (after !== undefined) return { filter: index, expected: after };
  }
  return undefined;
}

function isSatisfied(listener: Listener, expressions: ExpressionEvaluator): boolean {
  const { mode, until, each, taken, filters } = listener;
  if (mode === 'all') return taken.length === filters.length;
  if (until === undefined) return true;
  // With `each` the condition is asked after the event was worked on, which changes what it can see.
  if (until.kind !== 'condition' || each === true) return false;
  return expressions.holds(until.condition.expression, listenerOutput(listener), until.condition.variables);
}

function decoded(base64: string): Json {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8')) as Json;
  } catch {
    return base64;
  }
}
