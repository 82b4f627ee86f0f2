import type { ScriptedAnswer, SeenRequest } from '@loopwright/models/scripted';
import { z } from 'zod';

/** Texts that fit the patterns of the documents that agents write. */
const TEXTS = ['It is said in words.', 'F-1', 'ADR-001', 'V-1', 'P-1', '/x', '3.1.0'];
const schemaSchema = z.looseObject({
  type: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
  patternProperties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
  items: z.unknown().optional(),
  minItems: z.int().default(0),
  minProperties: z.int().default(0),
  minimum: z.number().default(1),
  pattern: z.string().default(''),
});

/** An object that fits a JSON Schema of the kind that agents are given: every required member, as small as it may be. */
function fitting(schema: unknown): unknown {
  const one = schemaSchema.parse(schema ?? {});
  if (one.const !== undefined) return one.const;
  if (one.enum !== undefined) return one.enum[0];
  if (one.type === 'array') return Array.from({ length: one.minItems }, () => fitting(one.items));
  if (one.type === 'integer' || one.type === 'number') return one.minimum;
  if (one.type === 'boolean') return true;
  const text = (pattern: string): string => TEXTS.find((known) => new RegExp(pattern, 'u').test(known)) ?? '';
  if (one.type !== 'object') return text(one.pattern);
  const members = one.required.map((name) => [name, fitting(one.properties[name])]);
  const others = Object.entries(one.patternProperties).slice(0, one.minProperties);
  const filler = one.minProperties > others.length && others.length === 0 ? [['get', {}]] : [];
  return Object.fromEntries([...members, ...others.map(([pattern, value]) => [text(pattern), fitting(value)]), ...filler]);
}

/** The JSON Schema that a prompt asks for. */
function schemaIn(request: SeenRequest): unknown {
  const prompt = request.body.messages.at(-1)?.content ?? '';
  return JSON.parse(/fits this JSON Schema:\n\n(\{.*\})/.exec(prompt)?.[1] ?? '{}');
}

/** A model that does what it is asked: it answers every prompt with an object that fits, and one file where files are wanted. */
export const obedient: ScriptedAnswer = {
  make: (request) => {
    const { properties } = schemaIn(request) as { properties: Record<string, unknown> };
    const members = { summary: fitting(properties['summary']), documents: fitting(properties['documents']) };
    const files = [{ path: 'src/main.ts', content: 'export const answer = 42;\n', purpose: 'The program' }];
    return { text: JSON.stringify('files' in properties ? { ...members, files } : members) };
  },
};
