import { type Json, type Random, canonicalJson } from '@loopwright/protocol';
import { type Ambiguity, type ClarificationQuestion, MAX_QUESTIONS } from '../clarify/clarification.ts';
import { type FieldRecipe, makeField } from '../program/make-fields.ts';
import { type Recipe, applyRecipe, openMatches } from '../program/transform-text.ts';
import { readTexts } from '../program/read-texts.ts';

/** Inputs that are looked at for a disagreement. */
const MOST_PROBES = 400;
/** Recipes that a field is emitted with, the chosen one included. */
const MOST_RECIPES = 5;

/** Longest text that is changed: some of the changes take time in proportion to its square. */
const MOST_CHARACTERS = 1000;

/** Changes of a text by which recipes that agree on the examples may come apart. */
const CHANGES: readonly ((text: string, other: string) => string)[] = [
  (text) => text.replace(/\S+\s+/u, ''),
  (text) => text.replace(/\s+\S+\s*$/u, ''),
  (text, other) => `${text} ${other.split(/\s+/u)[0] ?? ''}`,
  (text, other) => `${other.split(/\s+/u)[0] ?? ''} ${text}`,
  (text) => text.replace(/\d+/u, '$&7'),
  (text) => text.replace(/\d+(?!.*\d)/u, (digits) => digits.slice(0, -1)),
  (text) => text.replace(/(\S+)(\s+)(\S+)/u, '$1$2Xy$2$3'),
  (text) => text.replace(/[^\p{L}\p{N}\s]/u, ''),
];

/** Inputs on which recipes are compared: those without an answer, or where there are none, changed inputs of examples. */
export function probesOf(inputs: readonly Json[], unlabelled: readonly Json[], random: Random): Json[] {
  if (unlabelled.length > 0) return unlabelled.slice(0, 10_000);
  const known = new Set(inputs.map((input) => canonicalJson(input)));
  const probes = new Map<string, Json>();
  for (let at = 0; at < MOST_PROBES && inputs.length > 0; at += 1) {
    const input = inputs[Math.floor(at / CHANGES.length) % inputs.length] ?? null;
    const other = inputs[Math.floor(random.next() * inputs.length)] ?? null;
    const probe = changed(input, other, CHANGES[at % CHANGES.length] ?? ((text) => text));
    const key = canonicalJson(probe);
    if (!known.has(key)) probes.set(key, probe);
  }
  return [...probes.values()];
}

function changed(input: Json, other: Json, change: (text: string, other: string) => string): Json {
  if (typeof input === 'string') return change(cut(input), typeof other === 'string' ? cut(other) : '');
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  const others = typeof other === 'object' && other !== null && !Array.isArray(other) ? other : {};
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => {
      const beside = others[name];
      return [name, typeof value === 'string' ? change(cut(value), typeof beside === 'string' ? cut(beside) : '') : value];
    }),
  );
}

function cut(text: string): string {
  return text.slice(0, MOST_CHARACTERS).toWellFormed();
}

/** The rivals that make something else of a probe than the chosen recipe, one for each kind of difference. */
export function differingRivals(
  { recipe, rivals }: { recipe: Recipe; rivals: readonly Recipe[] },
  probes: readonly Json[],
  sources: readonly string[] | null,
): Recipe[] {
  const opened = probes.map((probe) => openMatches(readTexts(probe, sources)));
  const chosen = opened.map((matches) => applyRecipe(recipe, matches));
  const kinds = new Map<string, Recipe>();
  for (const rival of rivals) {
    const made = opened.map((matches) => applyRecipe(rival, matches));
    if (made.every((text, at) => text === chosen[at])) continue;
    const key = made.map((text) => text ?? '\u0000').join('\u0001');
    if (!kinds.has(key)) kinds.set(key, rival);
  }
  return [...kinds.values()].slice(0, MOST_RECIPES - 1);
}

/** Asks about the probes on which the recipes of a field disagree most. */
export function askAboutProbes(
  fields: readonly FieldRecipe[],
  probes: readonly Json[],
  sources: readonly string[] | null,
): Ambiguity {
  const most = Math.max(...fields.map(({ recipes }) => recipes.length));
  const candidates = Array.from({ length: most }, (_, at) => (at === 0 ? 'chosen' : `rival ${at}`));
  if (most === 1) return { candidates, compared: 0, disagreement: null, questions: [] };
  const open: { question: ClarificationQuestion; kinds: number }[] = [];
  const asked = new Set<string>();
  let differing = 0;
  for (const input of probes) {
    const matches = openMatches(readTexts(input, sources));
    const answers = candidates.map((candidate, at) => {
      const made = fields.map((field) =>
        makeField({ ...field, recipes: [field.recipes[at] ?? field.recipes[0] ?? []] }, matches),
      );
      return { candidate, output: outputOf(made), confidence: null };
    });
    const kinds = new Set(answers.map(({ output }) => canonicalJson(output)));
    if (kinds.size === 1) continue;
    differing += 1;
    // One question for each way in which the candidates fall apart.
    const key = answers.map(({ output }) => [...kinds].indexOf(canonicalJson(output))).join();
    if (!asked.has(key)) open.push({ question: { input, why: 'candidates_disagree', answers, given: null }, kinds: kinds.size });
    asked.add(key);
  }
  const questions = open
    .sort((a, b) => b.kinds - a.kinds)
    .slice(0, MAX_QUESTIONS)
    .map(({ question }) => question);
  return { candidates, compared: probes.length, disagreement: differing / Math.max(1, probes.length), questions };
}

/** The output that the fields make together. */
export function outputOf(made: readonly { readonly name: string | null; readonly value: string | number | null }[]): Json {
  const [only] = made;
  if (only?.name === null) return only.value;
  return Object.fromEntries(made.flatMap(({ name, value }) => (name === null ? [] : [[name, value] as const])));
}
