import type { LabelledExample } from '@loopwright/protocol';
import { LOOP_LIMITS } from './limits.ts';

/** The examples that a model is shown, and those that it is not: the latter tell whether it only learned the former by heart. */
export interface PickedExamples {
  readonly shown: readonly LabelledExample[];
  readonly heldBack: readonly LabelledExample[];
  /** How many there are besides, which are not looked at. */
  readonly left: number;
}

/**
 * Spreads what is shown over the examples in their order, each output at least once as far as there is room; a quarter is held back, when there are four or more. The same
 * examples give the same choice.
 */
export function pickExamples(examples: readonly LabelledExample[]): PickedExamples {
  const most = Math.min(LOOP_LIMITS.examplesShown, examples.length < 4 ? examples.length : Math.floor(examples.length * 0.75));
  const chosen = new Set<number>();
  let characters = 0;
  const outputs = new Set<string>();
  const take = (index: number): void => {
    const example = examples[index];
    if (example === undefined || chosen.size >= most || chosen.has(index)) return;
    const size = JSON.stringify(example).length;
    if (characters + size > LOOP_LIMITS.examplesShownCharacters) return;
    chosen.add(index);
    characters += size;
    outputs.add(JSON.stringify(example.output));
  };
  for (const [index, { output }] of examples.entries()) if (!outputs.has(JSON.stringify(output))) take(index);
  for (let number = 0; number < most; number += 1) take(Math.floor((number * examples.length) / most));
  for (let index = 0; index < examples.length && chosen.size < most; index += 1) take(index);
  const shown = examples.filter((_, index) => chosen.has(index));
  const others = examples.filter((_, index) => !chosen.has(index));
  const room = LOOP_LIMITS.examplesTested - shown.length;
  const step = Math.max(1, others.length / room);
  const heldBack = Array.from({ length: Math.min(room, others.length) }, (_, index) => others[Math.floor(index * step)]).filter(
    (example) => example !== undefined,
  );
  return { shown, heldBack, left: others.length - heldBack.length };
}
