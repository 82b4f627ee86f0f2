import type { Json } from '@loopwright/protocol';
import { LIMITS } from '../limits.ts';
import { type Refused, refuse } from '../refusal.ts';

/** Whether an output can be a label. */
export function isLabel(output: Json): output is string | number | boolean {
  if (typeof output === 'string') return output.length > 0 && output.length <= LIMITS.maxLabelCharacters;
  return typeof output === 'boolean' || typeof output === 'number';
}

/** The distinct labels, the most frequent first, equally frequent ones in order of their JSON. */
export function readLabels(
  outputs: readonly Json[],
): { ok: true; value: (string | number | boolean)[] } | { ok: false; refused: Refused } {
  const counts = new Map<string, number>();
  for (const [index, output] of outputs.entries()) {
    if (!isLabel(output)) {
      const reason = `The output of example ${index + 1} is not a label: a string of 1 to ${LIMITS.maxLabelCharacters} characters, a number or a boolean is needed`;
      return { ok: false, refused: refuse('unsupported_output', reason, { example: index + 1, sample: shorten(output) }) };
    }
    const key = JSON.stringify(output);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const keys = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([key]) => key);
  if (keys.length > LIMITS.maxClasses) {
    const details = { classes: keys.length, limit: LIMITS.maxClasses, sample: keys.slice(0, 5) };
    const reason = `There are ${keys.length} different labels, at most ${LIMITS.maxClasses} can be learned`;
    return { ok: false, refused: refuse('too_many_classes', reason, details) };
  }
  const labels = keys.map((key) => JSON.parse(key) as string | number | boolean);
  if (labels.length === 1) {
    const reason = `Every example has the label ${keys[0]}: there is nothing to tell apart`;
    return { ok: false, refused: refuse('one_class', reason, { label: labels[0] ?? null, examples: outputs.length }) };
  }
  return { ok: true, value: labels };
}

/** A value cut to what a message can carry. */
function shorten(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
