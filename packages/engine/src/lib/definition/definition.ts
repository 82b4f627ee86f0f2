import { hash } from 'node:crypto';
import { type Json, type JsonObject, canonicalJson, jsonObjectSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { pointerPart } from './json-pointer.ts';
import { scheduleSchema } from './schedule.ts';
import { type NamedTask, outputSchema, taskListSchema, timeoutSchema, transformSchema } from './task.ts';
import { useSchema } from './use.ts';

const identifier = z.string().regex(/^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/);
const PRERELEASE_AND_BUILD = String.raw`(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?`;

/** A definition of the Serverless Workflow DSL 1.0, as far as this engine runs it. */
export const definitionSchema = z.strictObject({
  document: z.strictObject({
    dsl: z.string().regex(new RegExp(String.raw`^1\.0\.(?:0|[1-9]\d*)${PRERELEASE_AND_BUILD}$`)),
    namespace: identifier,
    name: identifier,
    version: z.string().regex(new RegExp(String.raw`^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)${PRERELEASE_AND_BUILD}$`)),
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
  return hash('sha256', canonicalJson(value));
}

/** Every task of a list and of the lists inside it, with its JSON pointer. */
export function* everyTask(list: readonly NamedTask[], pointer = '/do'): Generator<{ named: NamedTask; pointer: string }> {
  for (const [index, named] of list.entries()) {
    const at = `${pointer}/${index}/${pointerPart(named.name)}`;
    yield { named, pointer: at };
    yield* everyTaskInside(named, at);
  }
}

/** Every task of the lists inside one that stands at a pointer. */
export function* everyTaskInside({ task }: NamedTask, at: string): ReturnType<typeof everyTask> {
  if ('do' in task) yield* everyTask(task.do, `${at}/do`);
  if ('listen' in task) yield* everyTask(task.foreach?.do ?? [], `${at}/foreach/do`);
  if ('fork' in task) yield* everyTask(task.fork.branches, `${at}/fork/branches`);
  if ('try' in task) {
    yield* everyTask(task.try, `${at}/try`);
    yield* everyTask(task.catch.do ?? [], `${at}/catch/do`);
  }
}

/** Every task that a definition has: those of `do`, and those of its own functions and extensions. */
export function* everyTaskOf({ do: list, use = {} }: WorkflowDocument): ReturnType<typeof everyTask> {
  yield* everyTask(list);
  for (const named of Object.values(use.functions ?? {})) {
    const pointer = `/use/functions/${pointerPart(named.name)}`;
    yield { named, pointer };
    yield* everyTaskInside(named, pointer);
  }
  for (const { pointer, before, after } of use.extensions ?? []) {
    yield* everyTask(before ?? [], `${pointer}/before`);
    yield* everyTask(after ?? [], `${pointer}/after`);
  }
}
