import { EVENT_TYPES, PlatformError } from '@loopwright/protocol';
import { typeFilter } from '../events/event-query.ts';

/** Refuses types that no event has, and beginnings that none begins with: a subscription to them would wait for ever. Throws UNKNOWN_EVENT_TYPE. */
export function checkEventTypes(types: readonly string[]): void {
  const issues = types.flatMap((type, index) =>
    EVENT_TYPES.some(typeFilter([type]))
      ? []
      : [{ pointer: `/body/event_types/${index}`, message: `"${type}" is no type of an event, and none begins so` }],
  );
  const [first] = issues;
  if (first === undefined) return;
  throw new PlatformError('UNKNOWN_EVENT_TYPE', `Cannot subscribe: ${first.message}`, {
    details: { issues, known: [...EVENT_TYPES] },
  });
}
