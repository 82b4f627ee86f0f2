import type { JsonObject } from '@loopwright/protocol';
import { type WorkflowDocument, everyTaskOf } from './definition.ts';
import { pathOf } from './json-pointer.ts';

/** A schema object of a definition, and the path to it. */
export interface PlacedSchema {
  readonly path: readonly string[];
  readonly schema: JsonObject;
}

interface Owner {
  readonly input?: { readonly schema?: JsonObject | undefined } | undefined;
  readonly output?: { readonly schema?: JsonObject | undefined } | undefined;
  readonly export?: { readonly schema?: JsonObject | undefined } | undefined;
}

/** The schemas of a definition: of its input and output, and of those of its tasks. */
export function* everySchema(document: WorkflowDocument): Generator<PlacedSchema> {
  yield* schemasOf({ input: document.input, output: document.output }, []);
  for (const { named, pointer } of everyTaskOf(document)) {
    yield* schemasOf(named.task, pathOf(pointer));
    if ('listen' in named.task && named.task.foreach !== undefined)
      yield* schemasOf({ output: named.task.foreach.output, export: named.task.foreach.export }, [...pathOf(pointer), 'foreach']);
  }
}

function* schemasOf(owner: Owner, path: readonly string[]): Generator<PlacedSchema> {
  for (const part of ['input', 'output', 'export'] as const) {
    const schema = owner[part]?.schema;
    if (schema !== undefined) yield { path: [...path, part, 'schema'], schema };
  }
}
