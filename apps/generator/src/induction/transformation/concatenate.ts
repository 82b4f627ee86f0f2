import type { Part } from '../program/transform-text.ts';
import { type Atom, type SearchTask, findAtoms } from './atoms.ts';

/** Parts that together make the output of every example. */
export interface Way {
  readonly parts: readonly Part[];
  readonly cost: number;
}

/** States that a search looks at. */
const MOST_STATES = 4000;
/** Ways that are found, the cheapest first. */
const MOST_WAYS = 4;
/** Ways in which single parts of the best way are replaced by others that make the same of the examples. */
const MOST_VARIANTS = 24;
/** Longest constant. */
const MOST_CONSTANT = 60;

interface State {
  readonly at: readonly number[];
  readonly cost: number;
  readonly steps: readonly (readonly Atom[])[];
}

/**
 * Finds ways to make all outputs by joining parts, the simplest first: a search for the cheapest path on which all outputs grow together.
 * A way of constants alone is none.
 */
export function findWays(task: SearchTask): Way[] {
  const groups = findAtoms(task);
  const outputs = task.examples.map(({ output }) => output);
  const queue: State[] = [{ at: outputs.map(() => 0), cost: 0, steps: [] }];
  const visits = new Map<string, number>();
  const found: State[] = [];
  for (let looked = 0; looked < MOST_STATES && queue.length > 0 && found.length < MOST_WAYS; looked += 1) {
    const state = takeCheapest(queue);
    if (state.at.every((at, place) => at === outputs[place]?.length)) {
      if (state.steps.some((atoms) => atoms[0]?.part.kind === 'piece')) found.push(state);
      continue;
    }
    const key = state.at.join();
    const visited = visits.get(key) ?? 0;
    if (visited >= MOST_WAYS || state.steps.length >= 12) continue;
    visits.set(key, visited + 1);
    for (const { texts, atoms } of groups) {
      if (!texts.every((text, place) => outputs[place]?.startsWith(text, state.at[place]) === true)) continue;
      const at = state.at.map((before, place) => before + (texts[place]?.length ?? 0));
      queue.push({ at, cost: state.cost + 1 + (atoms[0]?.cost ?? 0), steps: [...state.steps, atoms] });
    }
    queue.push(...constantsFrom(state, outputs));
  }
  return variantsOf(found);
}

/** Constants that all outputs go on with. Letters and digits cost more than signs: they more likely come from the input. */
function constantsFrom(state: State, outputs: readonly string[]): State[] {
  const rests = outputs.map((output, place) => output.slice(state.at[place], (state.at[place] ?? 0) + MOST_CONSTANT));
  const [first = ''] = rests;
  const next: State[] = [];
  let cost = 1;
  let length = 0;
  for (const character of first) {
    length += character.length;
    const text = first.slice(0, length);
    if (!rests.every((rest) => rest.startsWith(text))) break;
    cost += /[\p{L}\p{N}]/u.test(character) ? 1.5 : 0.2;
    const atom: Atom = { part: { kind: 'constant', text }, cost };
    next.push({ at: state.at.map((at) => at + length), cost: state.cost + cost, steps: [...state.steps, [atom]] });
  }
  return next;
}

function takeCheapest(queue: State[]): State {
  let best = 0;
  for (let at = 1; at < queue.length; at += 1) if ((queue[at]?.cost ?? 0) < (queue[best]?.cost ?? 0)) best = at;
  const [state] = queue.splice(best, 1);
  if (state === undefined) throw new RangeError('Cannot take a state: the queue is empty');
  return state;
}

/** The ways themselves, and those of the best in which one part is another one that makes the same of the examples. */
function variantsOf(found: readonly State[]): Way[] {
  const ways = found.map(({ steps, cost }) => ({
    parts: steps.flatMap(([atom]) => (atom === undefined ? [] : [atom.part])),
    cost,
  }));
  const [best] = found;
  const variants: Way[] = [];
  for (const [place, atoms] of (best?.steps ?? []).entries()) {
    for (const atom of atoms.slice(1)) {
      const cost = (best?.cost ?? 0) + atom.cost - (atoms[0]?.cost ?? 0);
      variants.push({ parts: (ways[0]?.parts ?? []).with(place, atom.part), cost });
    }
  }
  return [...ways, ...variants.sort((a, b) => a.cost - b.cost).slice(0, MOST_VARIANTS)].sort((a, b) => a.cost - b.cost);
}
