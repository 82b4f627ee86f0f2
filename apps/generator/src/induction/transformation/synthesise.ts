import type { Random } from '@loopwright/protocol';
import { type Matches, type Part, type Recipe, applyRecipe } from '../program/transform-text.ts';
import { shuffle } from '../split/hold-out.ts';
import type { TextExample } from './atoms.ts';
import { type Way, findWays } from './concatenate.ts';
import { type Pattern, shapePattern } from './patterns.ts';

/** What one field of the output is to be made from. */
export interface FieldTask {
  readonly examples: readonly TextExample[];
  /** Inputs in which there is nothing to find. */
  readonly empty: readonly Matches[];
  readonly random: Random;
  /** Called before each search; may throw to end the work. */
  readonly onSearch: () => void;
}

/** A recipe and others that do as well on every example. */
export interface Synthesised {
  readonly recipe: Recipe;
  readonly rivals: readonly Recipe[];
}

/** Ways of one recipe: outputs of several kinds may need one each. */
const MOST_BRANCHES = 4;
/** Pairs of examples that a search starts from, and examples that are added to it one by one where it is wrong. */
const MOST_STARTS = 5;
const MOST_ADDED = 5;
/** Examples that a way is judged on. */
const MOST_JUDGED = 400;
/** Inputs with nothing to find that a search looks at. */
const MOST_EMPTY = 10;
/** A wrong output is worse than none, which the next way may still make. */
const WRONG = 2;

interface Judged {
  readonly way: Way;
  readonly value: number;
  readonly right: number;
}

/**
 * Finds a recipe from examples: a search from two of them, which is repeated with one more as long as it is wrong somewhere. What no single way makes is
 * left to a further way. `undefined` when nothing can be found.
 */
export function synthesise(task: FieldTask): Synthesised | undefined {
  const shape = shapePattern(task.examples.slice(0, 2000).map(({ output }) => output));
  const branches: (readonly Part[])[] = [];
  let rivals: (readonly Part[])[] = [];
  let remaining = task.examples;
  while (branches.length < MOST_BRANCHES && remaining.length > (branches.length === 0 ? 0 : 1)) {
    const found = bestWays(task, remaining, shape);
    const [best] = found;
    if (best === undefined || best.value <= 0) break;
    if (branches.length === 0)
      rivals = found
        .slice(1)
        .filter(({ value }) => value === best.value)
        .map(({ way }) => way.parts);
    branches.push(best.way.parts);
    remaining = remaining.filter(({ matches, output }) => applyRecipe([best.way.parts], matches) !== output);
  }
  const [first, ...later] = branches;
  return first === undefined ? undefined : { recipe: [first, ...later], rivals: rivals.map((parts) => [parts].concat(later)) };
}

/** The ways that are right most often and wrong least often, the best first. */
function bestWays(task: FieldTask, remaining: readonly TextExample[], shape: Pattern | undefined): Judged[] {
  const judgedOn = shuffle([...remaining], task.random).slice(0, MOST_JUDGED);
  const empty = shuffle([...task.empty], task.random).slice(0, MOST_JUDGED);
  const search = (examples: readonly TextExample[]): Judged[] => {
    task.onSearch();
    return judgeAll(findWays({ examples, empty: empty.slice(0, MOST_EMPTY), shape }), judgedOn, empty);
  };
  let best: Judged[] = [];
  for (const chosen of startsOf(judgedOn)) {
    for (let added = 0; added < MOST_ADDED; added += 1) {
      const found = search(chosen);
      const [top] = found;
      if (top === undefined) break;
      if (best[0] === undefined || top.value > best[0].value) best = found;
      const wrong = judgedOn.find(
        (example) => !chosen.includes(example) && applyRecipe([top.way.parts], example.matches) !== example.output,
      );
      if (wrong === undefined) break;
      chosen.push(wrong);
    }
    if (best[0]?.right === judgedOn.length && best[0].value === best[0].right) break;
  }
  return best;
}

/** Pairs to start from: neighbours, and the first with each of the next ones, lest all pairs are of inputs of two kinds. */
function startsOf(examples: readonly TextExample[]): TextExample[][] {
  const neighbours = examples.slice(0, MOST_STARTS).map((_, at) => examples.slice(at, at + 2));
  const [first] = examples;
  const others = first === undefined ? [] : examples.slice(2, 2 + MOST_STARTS).map((other) => [first, other]);
  return [...neighbours, ...others];
}

function judgeAll(ways: readonly Way[], examples: readonly TextExample[], empty: readonly Matches[]): Judged[] {
  return ways
    .map((way) => {
      let right = 0;
      let wrong = 0;
      for (const { matches, output } of examples) {
        const made = applyRecipe([way.parts], matches);
        if (made === output) right += 1;
        else if (made !== undefined) wrong += 1;
      }
      for (const matches of empty) if (applyRecipe([way.parts], matches) !== undefined) wrong += 1;
      return { way, right, value: right - WRONG * wrong };
    })
    .sort((a, b) => b.value - a.value || a.way.cost - b.way.cost);
}
