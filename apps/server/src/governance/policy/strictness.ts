import type { Json } from '@loopwright/protocol';

/** How two values of the same field compare: which of both asks for more, or that they do not compare. */
type Comparison = 'stricter' | 'equal' | 'looser';

/** How one field of a policy is joined with the one of the layer above. */
export interface FieldRule {
  /** Compares a lower layer's value with what holds. */
  compare(lower: Json, holds: Json): Comparison;
  /** What holds with both, when the lower one does not simply take its place. */
  join?(lower: Json, holds: Json): Json;
}

const byNumber = (higherIsStricter: boolean): FieldRule => ({
  compare: (lower, holds) => {
    if (lower === holds) return 'equal';
    return Number(lower) > Number(holds) === higherIsStricter ? 'stricter' : 'looser';
  },
});
const required: FieldRule = { compare: (lower, holds) => compareRanks(Number(lower), Number(holds)) };
const ranked = (order: readonly string[]): FieldRule => ({
  compare: (lower, holds) => compareRanks(rankIn(order, lower), rankIn(order, holds)),
});
/** The longer list is the stricter one; what both say holds. */
const union: FieldRule = {
  compare: (lower, holds) => (textsOf(lower).every((item) => textsOf(holds).includes(item)) ? 'equal' : 'stricter'),
  join: (lower, holds) => [...new Set([...textsOf(holds), ...textsOf(lower)])],
};
/** A list of what is allowed: a lower layer may take away and add nothing. */
const intersection: FieldRule = {
  compare: (lower, holds) => {
    if (!textsOf(lower).every((item) => textsOf(holds).includes(item))) return 'looser';
    return textsOf(lower).length < textsOf(holds).length ? 'stricter' : 'equal';
  },
};

/** The rule of every field, by its pointer; `*` stands for a key. `undefined` for a field that has none of its own. */
export function ruleOf(pointer: string): FieldRule | undefined {
  return RULES.find(([pattern]) => pattern.test(pointer))?.[1];
}

const RULES: readonly (readonly [RegExp, FieldRule])[] = [
  [/^\/quality_gates\/min_\w+$/, byNumber(true)],
  [/^\/quality_gates\/max_\w+$/, byNumber(false)],
  [/^\/quality_gates\/(?:require_\w+|security_scan_required)$/, required],
  [/^\/quality_gates\/allowed_licences$/, intersection],
  [/^\/brand_constraints\/forbidden_terms$/, union],
  [/^\/brand_constraints\/no_emojis$/, required],
  [/^\/brand_constraints\/(?:colors|fonts)$/, intersection],
  [/^\/compliance\/\w+$/, required],
  [/^\/gates\/\w+\/(?:on_failure|when_not_measured)$/, ranked(['warn', 'block'])],
  [/^\/gates\/\w+\/retry$/, byNumber(false)],
  [/^\/phases\/[^/]+$/, union],
];

function compareRanks(lower: number, holds: number): Comparison {
  if (lower === holds) return 'equal';
  return lower > holds ? 'stricter' : 'looser';
}

function textsOf(value: Json): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function rankIn(order: readonly string[], value: Json): number {
  return typeof value === 'string' ? order.indexOf(value) : -1;
}
