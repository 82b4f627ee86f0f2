import type { StoreReader } from '@loopwright/engine';
import type { Json, JsonObject } from '@loopwright/protocol';
import { type Evidence, readEvaluation, readExamples } from './evidence.ts';

/** The functions whose results are evidence. */
const EVALUATES = 'evaluate';
const PREPARES = 'prepare';

/**
 * Gathers what steps of an execution have recorded: the last evaluation and the last look at the examples. Only the results of the functions that
 * measure count, as the definition that the execution is pinned to calls them; a number that a document or another step claims is none.
 */
export function evidenceOfExecution(read: StoreReader, executionId: string): Evidence {
  const digest = read.execution(executionId)?.definitionDigest;
  const source = digest === undefined ? undefined : read.definition(digest)?.source;
  if (source === undefined) return { evaluation: null, examples: null };
  const calls = callsIn(source);
  const values = read
    .journal(executionId)
    .filter(({ kind, state }) => kind === 'step' && state === 'done')
    .sort((a, b) => (a.recordedAt ?? 0) - (b.recordedAt ?? 0));
  const last = <Found>(name: string, readValue: (value: Json) => Found | undefined): Found | null =>
    values.flatMap((entry) => (calls.get(entry.name) === name ? (readValue(entry.value) ?? []) : [])).at(-1) ?? null;
  return { evaluation: last(EVALUATES, readEvaluation), examples: last(PREPARES, readExamples) };
}

/** What each task calls, by its name; a name that stands for several things is none, and neither is a function of the definition's own. */
function callsIn(source: JsonObject): Map<string, string> {
  const own = Object.keys(objectAt(objectAt(source, 'use'), 'functions'));
  const calls = new Map<string, string>();
  const open: Json[] = [source];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (value === null || typeof value !== 'object') continue;
    for (const [name, inner] of Object.entries(value)) {
      open.push(inner);
      const call = inner !== null && typeof inner === 'object' && !Array.isArray(inner) ? inner['call'] : undefined;
      if (typeof call !== 'string') continue;
      const called = own.includes(call) ? '' : call;
      calls.set(name, (calls.get(name) ?? called) === called ? called : '');
    }
  }
  return calls;
}

function objectAt(value: JsonObject, member: string): JsonObject {
  const found = value[member];
  return found !== null && typeof found === 'object' && !Array.isArray(found) ? found : {};
}
