import { type Json, type Random, seededRandom } from '@loopwright/protocol';
import { type FieldRecipe, makeField } from '../program/make-fields.ts';
import { type Refused, refuse } from '../refusal.ts';
import { percent } from '../report.ts';
import type { InductionTask } from '../task.ts';
import { differingRivals } from './probe.ts';
import type { OutputField, TransformationData, TransformationSample } from './read-transformation.ts';
import { synthesise } from './synthesise.ts';

/** Share of right outputs on the training part below which there is no program. */
const MIN_RIGHT = 0.8;

/** What fields are learned from. */
export interface FieldParts {
  readonly training: readonly TransformationSample[];
  readonly probes: readonly Json[];
}

/** How every field is made, or which one cannot be. */
export type Fields = { ok: true; value: FieldRecipe[] } | { ok: false; refused: Refused };

/** Searches a recipe for each field of the outputs, with the rivals that fit the examples as well. */
export function learnFields(task: InductionTask, data: TransformationData, { training, probes }: FieldParts): Fields {
  const random = seededRandom(task.seed);
  const learned: FieldRecipe[] = [];
  for (const [place, field] of data.fields.entries()) {
    task.onProgress?.({ stage: `searching ${field.name ?? 'a program'}`, done: place, total: data.fields.length });
    const recipe = learnField(task, { field, place, training, probes, sources: data.inputFields, random });
    const right = recipe === undefined ? 0 : training.filter((sample) => isRight(recipe, place, sample)).length / training.length;
    if (recipe === undefined || right < MIN_RIGHT) {
      const what = field.name === null ? 'the outputs' : JSON.stringify(field.name);
      const reason = `No program of the agent's language makes ${what} of the examples from their inputs: the best is right in ${percent(right)} of them`;
      return { ok: false, refused: refuse('no_program', reason, { field: field.name, right, needed: MIN_RIGHT }) };
    }
    learned.push(recipe);
  }
  return { ok: true, value: learned };
}

interface OneField extends FieldParts {
  readonly field: OutputField;
  readonly place: number;
  readonly sources: readonly string[] | null;
  readonly random: Random;
}

function learnField(task: InductionTask, { field, place, training, probes, sources, random }: OneField): FieldRecipe | undefined {
  const examples = training.flatMap(({ matches, texts }) => {
    const output = texts[place];
    return output === undefined ? [] : [{ matches, output }];
  });
  const empty = training.filter(({ texts }) => texts[place] === undefined).map(({ matches }) => matches);
  const found = synthesise({ examples, empty, random, onSearch: () => task.signal?.throwIfAborted() });
  if (found === undefined) return undefined;
  const isOptional = empty.length > 0;
  const recipes = [found.recipe, ...differingRivals(found, probes, sources)];
  return { name: field.name, isNumber: field.type === 'number', isOptional, missing: field.missing, recipes };
}

/** Whether the recipe that is followed makes what the example has. */
export function isRight(recipe: FieldRecipe, place: number, { matches, texts }: TransformationSample): boolean {
  const { value } = makeField({ ...recipe, recipes: recipe.recipes.slice(0, 1) }, matches);
  const expected = texts[place];
  return expected === undefined ? value === recipe.missing : value !== null && String(value) === expected;
}
