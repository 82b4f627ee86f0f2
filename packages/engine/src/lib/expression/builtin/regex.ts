import type { Json, JsonObject } from '@loopwright/protocol';
import { messageOf } from '@loopwright/protocol';
import type { Budget } from '../run/budget.ts';
import { JqError } from '../run/jq-error.ts';
import { preview } from '../value/kind.ts';

/** The matches of a pattern (or `[pattern, flags]`), as `match` describes them; offsets count code points. */
export function findMatches(input: Json, pattern: Json, flags: Json, budget: Budget): JsonObject[] {
  if (Array.isArray(pattern)) return findMatches(input, pattern[0] ?? null, pattern[1] ?? flags, budget);
  if (typeof input !== 'string') throw new JqError(`${preview(input)} cannot be matched, as it is not a string`);
  if (typeof pattern !== 'string') throw new JqError(`${preview(pattern)} cannot be matched, as it is not a string`);
  if (flags !== null && typeof flags !== 'string') throw new JqError(`${preview(flags)} is not a string`);
  const wanted = flags ?? '';
  const unknown = /[^gimnxsplo]/.exec(wanted);
  if (unknown !== null) throw new JqError(`${wanted} is not a valid modifier string`);
  budget.spend(input.length);
  const regex = build(pattern, wanted);
  const found = wanted.includes('g') ? [...input.matchAll(regex)] : [regex.exec(input)].filter((match) => match !== null);
  return found
    .filter((match) => !wanted.includes('n') || match[0] !== '')
    .map((match) => {
      budget.spend(1);
      return describe(match, input);
    });
}

function build(pattern: string, flags: string): RegExp {
  const source = flags.includes('x')
    ? pattern.replaceAll(/\\.|\[(?:\\.|[^\]])*\]|\s+|#[^\n]*/g, (part) => (/^[\s#]/.test(part) ? '' : part))
    : pattern;
  const options = `dgu${flags.includes('i') ? 'i' : ''}${/[sp]/.test(flags) ? 's' : ''}`;
  try {
    return new RegExp(source, options);
  } catch (error) {
    throw new JqError(`${pattern} (at offset 0) is not a valid regex: ${messageOf(error)}`);
  }
}

function describe(match: RegExpExecArray, input: string): JsonObject {
  const names = new Map(Object.entries(match.indices?.groups ?? {}).map(([name, range]) => [range, name]));
  const points = (text: string): number => Array.from(text).length;
  const captures = match.slice(1).map((text: string | undefined, at): JsonObject => {
    const range = match.indices?.[at + 1];
    const name =
      names.get(range as [number, number]) ??
      Object.keys(match.groups ?? {}).find((key) => range === undefined && match.groups?.[key] === undefined) ??
      null;
    return {
      offset: range === undefined ? -1 : points(input.slice(0, range[0])),
      length: points(text ?? ''),
      string: text ?? null,
      name,
    };
  });
  return { offset: points(input.slice(0, match.index)), length: points(match[0]), string: match[0], captures };
}
