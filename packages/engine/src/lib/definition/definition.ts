import { createHash } from 'node:crypto';
import { type Json, type JsonObject, canonicalJson, jsonObjectSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { scheduleSchema } from './schedule.ts';
import { type NamedTask, outputSchema, taskListSchema, timeoutSchema, transformSchema, useSchema } from './task.ts';

const identifier = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);

/** A definition of the Serverless Workflow DSL 1.0, as far as this engine runs it. */
export const definitionSchema = z.strictObject({
  document: z.strictObject({
    dsl: z.string().regex(/^1\.0\.\d+/),
    namespace: identifier,
    name: identifier,
    version: z.string().regex(/^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/),
    title: z.string().optional(),
    summary: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    metadata: jsonObjectSchema.optional(),
  }),
  input: transformSchema.optional(),
  use: useSchema.optional(),
  timeout: timeoutSchema.optional(),
  schedule: scheduleSchema.optional(),
  output: outputSchema.optional(),
  do: taskListSchema,
});

/** What the interpreter runs. */
export type WorkflowDocument = z.infer<typeof definitionSchema>;

/** A definition that was checked, with the identity that executions pin. */
export interface WorkflowDefinition {
  readonly name: string;
  readonly version: string;
  /** SHA-256 over the canonical JSON of the source document, hexadecimal. */
  readonly digest: string;
  /** The document as it was written, for people and for other engines. */
  readonly source: JsonObject;
  /** The document as the interpreter takes it. */
  readonly document: WorkflowDocument;
}

/** SHA-256 of a JSON value's canonical text, hexadecimal. */
export function digestOf(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** Every task of a list and of the lists inside it, with its JSON pointer. */
export function* everyTask(list: readonly NamedTask[], pointer = '/do'): Generator<{ named: NamedTask; pointer: string }> {
  for (const [index, named] of list.entries()) {
    const at = `${pointer}/${index}/${named.name}`;
    yield { named, pointer: at };
    if ('do' in named.task) yield* everyTask(named.task.do, `${at}/do`);
    if ('listen' in named.task) yield* everyTask(named.task.foreach?.do ?? [], `${at}/foreach/do`);
    if ('fork' in named.task) yield* everyTask(named.task.fork.branches, `${at}/fork/branches`);
    if ('try' in named.task) {
      yield* everyTask(named.task.try, `${at}/try`);
      yield* everyTask(named.task.catch.do ?? [], `${at}/catch/do`);
    }
  }
}
