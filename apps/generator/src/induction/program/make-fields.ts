import { type Matches, type Recipe, applyRecipe } from './transform-text.ts';

/** How one field of the output is made. */
export interface FieldRecipe {
  /** `null` when the output is a bare value. */
  readonly name: string | null;
  readonly isNumber: boolean;
  /** Whether examples had inputs in which there is nothing to find. */
  readonly isOptional: boolean;
  /** The value where nothing is found. */
  readonly missing: string | null;
  /** The recipe that is followed, and others that fit the examples as well: the more of them agree, the surer is the value. */
  readonly recipes: readonly Recipe[];
}

/** One field of an output, with the share of the recipes that agree on it. */
export interface MadeField {
  readonly name: string | null;
  readonly value: string | number | null;
  readonly confidence: number;
}

/** Makes a field. */
export function makeField(field: FieldRecipe, matches: Matches): MadeField {
  const made = field.recipes.map((recipe) => {
    const text = applyRecipe(recipe, matches);
    return field.isNumber && text !== undefined && !isNumber(text) ? undefined : text;
  });
  const [first] = made;
  const agreeing = made.filter((text) => text === first).length / made.length;
  if (first === undefined) return { name: field.name, value: field.missing, confidence: field.isOptional ? agreeing : 0 };
  return { name: field.name, value: field.isNumber ? Number(first) : first, confidence: agreeing };
}

/** Whether a text is a number that is not too large for one. */
function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}
