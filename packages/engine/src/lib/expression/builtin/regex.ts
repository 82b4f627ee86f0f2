import type { Json, JsonObject } from '@loopwright/protocol';
import { compilePattern } from '../regex/compile-regex.ts';
import { RegexMatcher } from '../regex/match-regex.ts';
import { parseRegex } from '../regex/parse-regex.ts';
import { PatternError } from '../regex/pattern.ts';
import type { Budget, Regex } from '../run/budget.ts';
import { JqError } from '../run/jq-error.ts';
import { preview } from '../value/kind.ts';

/** The matches of a pattern (or `[pattern, flags]`), as `match` describes them; offsets count code points. */
export function findMatches(input: Json, pattern: Json, flags: Json, budget: Budget): JsonObject[] {
  if (Array.isArray(pattern)) return findMatches(input, pattern[0] ?? null, pattern[1] ?? flags, budget);
  if (typeof input !== 'string') throw new JqError(`${preview(input)} cannot be matched, as it is not a string`);
  if (typeof pattern !== 'string') throw new JqError(`${preview(pattern)} cannot be matched, as it is not a string`);
  if (flags !== null && typeof flags !== 'string') throw new JqError(`${preview(flags)} is not a string`);
  const wanted = flags ?? '';
  if (/[^gimnxsplo]/.test(wanted)) throw new JqError(`${wanted} is not a valid modifier string`);
  budget.spend(input.length);
  const regex = regexOf(pattern, wanted, budget);
  const characters = Array.from(input);
  const points = characters.map((character) => character.codePointAt(0) ?? 0);
  const matcher = new RegexMatcher(regex.compiled, points, (steps) => budget.spend(steps));
  const options = { longest: wanted.includes('l'), notEmpty: wanted.includes('n') };
  const matches: JsonObject[] = [];
  for (let from = 0; from <= points.length;) {
    const slots = matcher.find(from, options);
    if (slots === undefined) break;
    budget.spend(regex.names.length + 1);
    matches.push(describe(slots, regex.names, characters));
    if (!wanted.includes('g')) break;
    const [begin = 0, end = 0] = slots;
    from = end > begin ? end : end + 1;
  }
  return matches;
}

function regexOf(source: string, flags: string, budget: Budget): Regex {
  const key = `${flags}/${source}`;
  const known = budget.regexes.get(key);
  if (known !== undefined) return known;
  budget.spend(source.length);
  try {
    const { pattern, names } = parseRegex(source, {
      ignoreCase: flags.includes('i'),
      extended: flags.includes('x'),
      // In jq "s" is about `^` and `$`, which stand at the ends of the text anyhow.
      dotAll: flags.includes('p'),
      multiLine: false,
    });
    const regex: Regex = { names, compiled: compilePattern(pattern, names.length) };
    budget.regexes.set(key, regex);
    return regex;
  } catch (error) {
    if (error instanceof PatternError) throw new JqError(`${source} (at offset 0) is not a valid regex: ${error.message}`);
    throw error;
  }
}

function describe(slots: readonly number[], names: readonly (string | null)[], characters: readonly string[]): JsonObject {
  const part = (group: number): { offset: number; length: number; string: string | null } => {
    const [from = -1, to = -1] = slots.slice(2 * group, 2 * group + 2);
    if (to < 0) return { offset: -1, length: 0, string: null };
    return { offset: from, length: to - from, string: characters.slice(from, to).join('') };
  };
  return { ...part(0), captures: names.map((name, index): JsonObject => ({ ...part(index + 1), name })) };
}
