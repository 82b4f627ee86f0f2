import type { JsonObject } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';

/** What the expressions of a definition look at, besides what is always there. */
interface Looks {
  /** Whether one may look at `$task.startedAt`, which must be recorded for each task. */
  readonly atStart: boolean;
  readonly atAuthorization: boolean;
}

const seen = new WeakMap<WorkflowDefinition, Looks>();
/** `$task` followed by anything but a member that needs no record. */
const START = /\$task\b(?!\s*\.\s*(?:name|reference|definition|input|output)\b)/;

/** Finds out once for each definition what its expressions look at. */
export function looksOf(definition: WorkflowDefinition): Looks {
  const known = seen.get(definition);
  if (known !== undefined) return known;
  const text = JSON.stringify(definition.source);
  const looks = { atStart: START.test(text), atAuthorization: /\$authorization\b/.test(text) };
  seen.set(definition, looks);
  return looks;
}

/** The standard's descriptor of a time in milliseconds since 1970-01-01 UTC. */
export function dateTime(at: number): JsonObject {
  return { iso8601: new Date(at).toISOString(), epoch: { seconds: Math.floor(at / 1000), milliseconds: at } };
}
