import { z } from 'zod';
import { parse } from './syntax/parse.ts';
import { expressionSource } from './expression.ts';

/**
 * The names that an expression reads from `$secrets` by a constant key (`$secrets.token`, `$secrets["token"]`). What it reads by a
 * computed key is not known before it runs. The expression must be one that compiles.
 */
export function secretNamesIn(text: string): string[] {
  // A name has no second spelling, so what does not have the word reads none; nearly no expression does.
  if (!text.includes('secrets')) return [];
  const names: string[] = [];
  collect(parse(expressionSource(text)), names);
  return names;
}

/** Every kind of node is looked through in the same way, so that a member of `$secrets` is found wherever it stands. */
function collect(value: unknown, names: string[]): void {
  if (value === null || typeof value !== 'object') return;
  const member = memberSchema.safeParse(value).data;
  if (member !== undefined) names.push('value' in member.key ? member.key.value : member.key.parts[0]);
  for (const part of Object.values(value)) collect(part, names);
}

/** `$secrets.name` and `$secrets["name"]`, as the parser gives them. */
const memberSchema = z.object({
  kind: z.literal('index'),
  target: z.object({ kind: z.literal('variable'), name: z.literal('secrets') }),
  key: z.union([z.object({ value: z.string() }), z.object({ parts: z.tuple([z.string()]) })]),
});
