import type { LabelledExample } from './plan.ts';

/** Kinds of programs that are learned from examples. */
export type Goal = 'classification' | 'regression' | 'transformation';

/** Most labels that a classification has. */
export const CLASSES_MAX = 100;
/** Most different numbers that are labels for records; more of them are estimated. */
const NUMBER_LABELS_MAX = 20;

/**
 * Tells by the outputs what kind of program the examples are of: numbers of many values for records are estimated; records, empty outputs and texts that hardly
 * repeat are made from the input; everything else is labels. The generator learns by it, and the control plane splits and scores by it.
 */
export function likelyGoal(examples: readonly LabelledExample[]): Goal {
  const outputs = examples.map(({ output }) => output);
  if (outputs.some((output) => output === null || typeof output === 'object')) return 'transformation';
  const distinct = new Set(outputs).size;
  const areTexts = examples.every(({ input }) => isText(input));
  if (outputs.every((output) => typeof output === 'number') && !areTexts && distinct > NUMBER_LABELS_MAX) return 'regression';
  const hardlyRepeat = distinct > CLASSES_MAX || (distinct > 2 && distinct > outputs.length / 2);
  return hardlyRepeat && outputs.every((output) => typeof output !== 'boolean') ? 'transformation' : 'classification';
}

function isText(input: LabelledExample['input']): boolean {
  if (typeof input === 'string') return true;
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return false;
  const values = Object.values(input);
  return values.length === 1 && typeof values[0] === 'string';
}
