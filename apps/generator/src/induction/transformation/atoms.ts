import { changeText } from '../program/change-text.ts';
import { type Matches, type Part, type Place, findPlace } from '../program/transform-text.ts';
import { DATE_PATTERNS, PATTERNS, type Pattern, literalPatterns } from './patterns.ts';

/** One example of a transformation: the texts of the input, and what is to be made of them. */
export interface TextExample {
  readonly matches: Matches;
  readonly output: string;
}

/** What ways are searched for. */
export interface SearchTask {
  readonly examples: readonly TextExample[];
  /** Inputs in which there is nothing to find: places that they have too cost more. */
  readonly empty: readonly Matches[];
  /** A pattern that all outputs of the task have. */
  readonly shape: Pattern | undefined;
}

/** A part with what it costs. */
export interface Atom {
  readonly part: Part;
  readonly cost: number;
}

/** Parts that make the same of every example; `texts` is what they make, example by example. */
export interface AtomGroup {
  readonly texts: readonly string[];
  /** The cheapest first. */
  readonly atoms: readonly Atom[];
}

/** Parts that are kept of those that make the same. */
const MOST_ALIKE = 6;
/** Groups that a search works with; the cheapest are kept. */
const MOST_GROUPS = 1500;

/** Places that are kept of those that are the same in all examples. */
const MOST_SPOTS = 3;

/** What a place costs more that all inputs have in which there is nothing to find. */
const COST_OF_EMPTY = 1;

const CHANGES: readonly (readonly [change: string, cost: number])[] = [
  ['lower', 0.5],
  ['upper', 0.5],
  ['title', 0.6],
  ['capital', 0.6],
  ['initial', 0.8],
  ['digits', 0.8],
  ['squeeze', 0.8],
  ['trim', 0.4],
  ['point', 0.5],
  ['comma', 0.6],
  ['fixed:0', 1],
  ['fixed:1', 1],
  ['fixed:2', 0.9],
  ['fixed:3', 1],
];

/** The forms in which dates are written. */
const FORMS =
  `YYYY-MM-DD|DD.MM.YYYY|D.M.YYYY|DD/MM/YYYY|MM/DD/YYYY|M/D/YYYY|DD-MM-YYYY|YYYY/MM/DD|YYYYMMDD|DD MMM YYYY|D MMM YYYY|D MMMM YYYY|
MMM D, YYYY|MMMM D, YYYY|MMM YYYY|MMMM YYYY|YYYY-MM|MM/YYYY|YYYY|YY|MMMM|MMM|MM|M|DD|D|DD.MM.YY|MM/DD/YY|DD/MM/YY`
    .replaceAll('\n', '')
    .split('|');
/** In which orders the numbers of a date may stand. */
const ORDERS = ['DMY', 'MDY', 'YMD'];

interface Spot {
  readonly place: Place;
  readonly cost: number;
  /** Where it is in each example. */
  readonly at: readonly number[];
}

/** All parts that can be found in every example, and whose text is part of every output; those that make the same are joined. */
export function findAtoms(task: SearchTask): AtomGroup[] {
  const { examples } = task;
  const groups = new Map<string, { texts: readonly string[]; atoms: Atom[] }>();
  const add = (texts: readonly string[], atom: Atom): void => {
    const key = texts.join('\u0000');
    const group = groups.get(key) ?? { texts, atoms: [] };
    group.atoms.push(atom);
    groups.set(key, group);
  };
  const sources = examples[0]?.matches.texts.length ?? 0;
  for (let source = 0; source < sources; source += 1) {
    const pieces = new Map<string, { texts: readonly string[]; atoms: Atom[] }>();
    for (const { texts, atom } of piecesOf(source, task)) {
      const key = texts.join('\u0000');
      const known = pieces.get(key) ?? { texts, atoms: [] };
      known.atoms.push(atom);
      known.atoms.sort((a, b) => a.cost - b.cost).splice(MOST_ALIKE);
      pieces.set(key, known);
    }
    for (const { texts, atoms } of pieces.values()) {
      for (const [change, cost] of [['none', 0] as const, ...CHANGES, ...padsOf(examples), ...datesOf(atoms)]) {
        const changed = changeAll(texts, change, examples);
        if (changed === undefined || (change !== 'none' && changed.every((text, at) => text === texts[at]))) continue;
        for (const { part, cost: bare } of atoms)
          if (part.kind === 'piece') add(changed, { part: { ...part, change }, cost: bare + cost });
      }
    }
  }
  const all = [...groups.values()].map(({ texts, atoms }) => ({
    texts,
    atoms: atoms.sort((a, b) => a.cost - b.cost).slice(0, MOST_ALIKE),
  }));
  return all.sort((a, b) => (a.atoms[0]?.cost ?? 0) - (b.atoms[0]?.cost ?? 0)).slice(0, MOST_GROUPS);
}

/** The texts after a change, when all of them can be changed and are part of their outputs. */
function changeAll(texts: readonly string[], change: string, examples: readonly TextExample[]): readonly string[] | undefined {
  const changed: string[] = [];
  for (const [at, text] of texts.entries()) {
    const made = changeText(text, change);
    if (made === undefined || made === '' || examples[at]?.output.includes(made) !== true) return undefined;
    changed.push(made);
  }
  return changed;
}

function padsOf(examples: readonly TextExample[]): (readonly [string, number])[] {
  const widths = new Set(examples.flatMap(({ output }) => (output.match(/\d+/gu) ?? []).map((run) => run.length)));
  return [...widths]
    .filter((width) => width <= 12)
    .slice(0, 3)
    .map((width) => [`pad:${width}`, 0.9] as const);
}

const DATES = new Set(DATE_PATTERNS.map(({ source }) => source));

function datesOf(atoms: readonly Atom[]): (readonly [string, number])[] {
  const isDate = atoms.some(({ part }) => part.kind === 'piece' && part.from.kind === 'match' && DATES.has(part.from.pattern));
  return isDate
    ? ORDERS.flatMap((order, place) => FORMS.map((form) => [`date:${order}:${form}`, 0.5 + place / 10] as const))
    : [];
}

/** Pieces of one source between two places that all examples have. */
function* piecesOf(source: number, { examples, empty, shape }: SearchTask): Generator<{ texts: readonly string[]; atom: Atom }> {
  const literals = literalPatterns(examples.map(({ matches }) => matches.texts[source] ?? ''));
  const patterns = [...PATTERNS, ...literals, ...(shape === undefined ? [] : [shape])];
  const spots = spotsOf(source, { examples, empty }, patterns);
  for (const from of spots) {
    for (const to of [...spots, ...nextSpots(source, examples, { from, patterns })]) {
      const texts = textsBetween(source, examples, from, to);
      if (texts === undefined) continue;
      const isMatch =
        from.place.kind === 'match' &&
        to.place.kind === 'match' &&
        from.place.pattern === to.place.pattern &&
        from.place.nth === to.place.nth;
      // A whole match is simpler than two places that have nothing to do with each other.
      const cost = isMatch
        ? from.cost
        : from.cost + to.cost + (from.place.kind === 'index' && to.place.kind === 'index' ? 0 : 0.5);
      const part: Part = { kind: 'piece', source, from: from.place, to: to.place, change: 'none' };
      yield { texts, atom: { part, cost } };
    }
  }
}

/** The texts between two places; `undefined` where one is empty, or when no change could make it part of the output. */
function textsBetween(source: number, examples: readonly TextExample[], from: Spot, to: Spot): string[] | undefined {
  const texts: string[] = [];
  for (const [at, { matches, output }] of examples.entries()) {
    const [start = -1, end = -1] = [from.at[at], to.at[at]];
    if (start < 0 || end <= start || end - start > 4 * output.length + 40) return undefined;
    texts.push((matches.texts[source] ?? '').slice(start, end));
  }
  return texts;
}

function spotsOf(
  source: number,
  { examples, empty }: Pick<SearchTask, 'examples' | 'empty'>,
  patterns: readonly Pattern[],
): Spot[] {
  const places: [Place, number][] = [0, 1, 2, 3, 4, -1, -2, -3, -4, -5].map((at) => [
    { kind: 'index', at },
    at === 0 || at === -1 ? 0.3 : 1 + Math.abs(at) / 4,
  ]);
  for (const { source: pattern, cost } of patterns) {
    for (const nth of [0, 1, 2, 3, -1, -2, -3]) {
      for (const side of ['start', 'end'] as const)
        places.push([{ kind: 'match', pattern, nth, side }, cost + (nth < 0 ? -nth - 0.8 : nth) / 4]);
    }
  }
  const spots = places.flatMap(([place, cost]) => spotAt(source, examples, { place, cost, starts: [] }));
  const dearer = spots.map(({ place, cost, at }) => {
    const found = empty.filter((matches) => findPlace(matches, source, place, 0) >= 0).length;
    return { place, cost: cost + (COST_OF_EMPTY * found) / Math.max(1, empty.length), at };
  });
  return distinctSpots(dearer, MOST_SPOTS);
}

/** The cheapest of the places that are the same in all examples; more than one, since they may differ in other inputs. */
function distinctSpots(spots: readonly Spot[], most: number): Spot[] {
  const groups = Map.groupBy(spots, ({ at }) => at.join());
  return [...groups.values()].flatMap((group) => group.sort((a, b) => a.cost - b.cost).slice(0, most));
}

/** Places that hang on where the piece begins. */
function nextSpots(
  source: number,
  examples: readonly TextExample[],
  { from, patterns }: { from: Spot; patterns: readonly Pattern[] },
): Spot[] {
  const spots = patterns.flatMap(({ source: pattern, cost }) =>
    (['start', 'end'] as const).flatMap((side) =>
      spotAt(source, examples, { place: { kind: 'next', pattern, side }, cost: cost - 0.2, starts: from.at }),
    ),
  );
  return distinctSpots(spots, 1);
}

function spotAt(
  source: number,
  examples: readonly TextExample[],
  { place, cost, starts }: { place: Place; cost: number; starts: readonly number[] },
): Spot[] {
  const at: number[] = [];
  for (const [index, { matches }] of examples.entries()) {
    const found = findPlace(matches, source, place, starts[index] ?? 0);
    if (found < 0) return [];
    at.push(found);
  }
  return [{ place, cost, at }];
}
