import type { CharacterReader } from './character-reader.ts';
import { letterSet, namedSet, not, range, single } from './character-set.ts';
import { type CharacterSet, PatternError } from './pattern.ts';

/** Parses `[…]` after its bracket. A `]` right at the beginning stands for itself. */
export function parseClass(reader: CharacterReader, ignoreCase: boolean): CharacterSet {
  const isNegative = reader.take('^');
  const sets: CharacterSet[] = [];
  for (let isFirst = true; isFirst || reader.peek() !== ']'; isFirst = false) {
    if (reader.isAtEnd) throw new PatternError('premature end of char-class');
    const item = readItem(reader);
    if (typeof item !== 'number') {
      sets.push(item);
      continue;
    }
    const isRange = reader.match(/-(?!\])/y) !== undefined;
    const end = isRange ? readItem(reader) : item;
    if (typeof end !== 'number') sets.push(single(item, ignoreCase), single(45, ignoreCase), end);
    else if (end < item) throw new PatternError('empty range in char class');
    else sets.push(range(item, end, ignoreCase));
  }
  reader.next();
  const has: CharacterSet = (point) => sets.some((set) => set(point));
  return isNegative ? not(has) : has;
}

/** One character, or a set of them. */
function readItem(reader: CharacterReader): number | CharacterSet {
  const named = reader.match(/\[:(\^?)([a-z]+):\]|\\([pP])\{(\^?)([^}]+)\}/y);
  if (named !== undefined) {
    const [, posixNot, posix, letter, propertyNot, property] = named;
    const set = namedSet(posix ?? property ?? '');
    const isOpposite = posix === undefined ? (letter === 'P') !== (propertyNot === '^') : posixNot === '^';
    return isOpposite ? not(set) : set;
  }
  const character = reader.next();
  if (character !== '\\') return character.codePointAt(0) ?? 0;
  const set = letterSet(reader.peek());
  if (set === undefined) return reader.escaped();
  reader.next();
  return set;
}
