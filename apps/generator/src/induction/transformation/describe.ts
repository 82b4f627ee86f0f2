import type { Part, Place, Recipe } from '../program/transform-text.ts';

/** A recipe in words, a line for each way. `sources` names the members of the input, `null` a bare text. */
export function describeRecipe(recipe: Recipe, sources: readonly string[] | null): string[] {
  return recipe.map((parts) =>
    parts.length === 0 ? 'nothing' : parts.map((part) => describePart(part, sources)).join(', then '),
  );
}

function describePart(part: Part, sources: readonly string[] | null): string {
  if (part.kind === 'constant') return JSON.stringify(part.text);
  const { from, to, change } = part;
  const of = sources === null ? '' : ` of ${JSON.stringify(sources[part.source] ?? '')}`;
  const changed = change === 'none' ? '' : `, changed by ${change}`;
  if (
    from.kind === 'match' &&
    to.kind === 'match' &&
    from.pattern === to.pattern &&
    from.nth === to.nth &&
    from.side === 'start' &&
    to.side === 'end'
  )
    return `${ordinal(from.nth)} match of /${from.pattern}/${of}${changed}`;
  if (from.kind === 'index' && from.at === 0 && to.kind === 'index' && to.at === -1) return `all${of}${changed}`;
  return `from ${describePlace(from)} to ${describePlace(to)}${of}${changed}`;
}

function describePlace(place: Place): string {
  if (place.kind === 'index')
    return place.at < 0 ? `${-1 - place.at} characters before the end` : `${place.at} characters after the start`;
  if (place.kind === 'next') return `the ${place.side} of the next match of /${place.pattern}/`;
  return `the ${place.side} of the ${ordinal(place.nth)} match of /${place.pattern}/`;
}

function ordinal(nth: number): string {
  return (
    (nth < 0 ? ['last', 'last but one', 'last but two'][-1 - nth] : ['first', 'second', 'third', 'fourth'][nth]) ??
    `number ${nth}`
  );
}
