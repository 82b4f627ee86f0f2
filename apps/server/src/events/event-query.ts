import type { EventFilter, EventOwner } from '@loopwright/engine';
import { PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import type { Principal } from '../identity/principal.ts';
import type { MaySee } from './may-see.ts';

/** How many values a list in a query has at most. */
const LIST_LIMIT = 100;
const name = z.string().min(1).max(200);

/** `a,b`, or the parameter several times. */
const list = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((text) => text.split(',')))
  .pipe(z.array(name).min(1).max(LIST_LIMIT))
  .optional();
const types = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((text) => text.split(',')))
  .pipe(
    z
      .array(
        z
          .string()
          .regex(/^[\w.-]{0,100}\*?$/, 'is a type, or the beginning of some and a *')
          .min(1),
      )
      .min(1)
      .max(LIST_LIMIT),
  )
  .optional();

const cursor = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const page = {
  event_type: types,
  format: z.enum(['native', 'cloudevents']).default('native'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
};

/** Query of the events of one execution. */
export const executionEventsQuery = z.strictObject({ after: cursor.default(0), ...page });
/** Query of the events of all executions. */
export const globalEventsQuery = z.strictObject({
  after: z.union([z.literal('latest'), cursor], { error: 'is neither "latest" nor the position of an event' }).default(0),
  workflow_id: list,
  project_id: list,
  execution_id: list,
  ...page,
});

/** What an EventSource sends when it connects again; it counts instead of `after`, which is in the URL for ever. */
export const lastEventIdHeader = z.looseObject({
  'last-event-id': z
    .string()
    .regex(/^\d{1,15}$/, 'must be the id of an event of this stream')
    .optional(),
});

/** What of the query filters. */
interface Wanted {
  readonly event_type?: readonly string[] | undefined;
  readonly workflow_id?: readonly string[] | undefined;
  readonly project_id?: readonly string[] | undefined;
  readonly execution_id?: readonly string[] | undefined;
}

/** The filter of a query, and of what its principal may see. */
export function filterOf(wanted: Wanted, who: { principal: Principal; maySee: MaySee }): EventFilter {
  const isOneOf = (names: readonly string[] | undefined, value: string): boolean => names === undefined || names.includes(value);
  return {
    wants: ({ executionId, workflow, projectId }: EventOwner) =>
      isOneOf(wanted.execution_id, executionId) &&
      isOneOf(wanted.workflow_id, workflow) &&
      isOneOf(wanted.project_id, projectId) &&
      who.maySee(who.principal, projectId),
    wantsType: typeFilter(wanted.event_type),
  };
}

/** Whether a type is one of these; one that ends with `*` stands for all that begin so. Left out: every type. */
export function typeFilter(wanted: readonly string[] | undefined): (type: string) => boolean {
  if (wanted === undefined) return () => true;
  const prefixes = wanted.filter((type) => type.endsWith('*')).map((type) => type.slice(0, -1));
  const whole = new Set(wanted);
  return (type) => whole.has(type) || prefixes.some((prefix) => type.startsWith(prefix));
}

/** Refuses a cursor that this server never gave: whoever went on behind it would silently miss what comes before it. */
export function checkCursor(after: number, last: number): number {
  if (after <= last) return after;
  throw new PlatformError('VALIDATION_ERROR', `Cannot go on behind ${after}: the newest event is ${last}`, {
    details: { issues: [{ pointer: '/querystring/after', message: `must be at most ${last}` }], last },
  });
}
