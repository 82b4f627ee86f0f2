import type { Json, JsonObject } from '@loopwright/protocol';
import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import draft6 from 'ajv/dist/refs/json-schema-draft-06.json' with { type: 'json' };
import { type SchemaDraft, draftOf } from '../definition/schema-draft.ts';
import { WorkflowError } from './workflow-error.ts';

/** How many issues one check names. */
const ISSUES_SHOWN = 20;

/** Checks data against the JSON Schemas of a definition; each schema is compiled once. */
export class SchemaValidator {
  readonly #compilers = new Map<SchemaDraft, Compiler>();
  readonly #compiled = new WeakMap<object, ValidateFunction>();

  /** Compiles the `document` of a schema object; throws what the compiler says when it is not a JSON Schema. */
  compile(schema: JsonObject): ValidateFunction {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      const { document: given } = schema;
      const document = given !== null && typeof given === 'object' && !Array.isArray(given) ? given : {};
      const draft = draftOf(schema);
      // A definition that was taken before another draft could be told apart was checked by the newest.
      const known = typeof draft === 'string' ? draft : '2020-12';
      // The meta-schemas are no asynchronous ones: it throws at once.
      void made(META_CHECKS, known).validateSchema(document, true);
      validate = made(this.#compilers, known).compile(document);
      this.#compiled.set(schema, validate);
    }
    return validate;
  }

  /** What does not fit: the JSON pointer into the data and the reason of each issue, at most {@link ISSUES_SHOWN}. */
  issues(schema: JsonObject | undefined, data: Json): { pointer: string; message: string }[] {
    if (schema === undefined) return [];
    const validate = this.compile(schema);
    if (validate(data)) return [];
    return (validate.errors ?? [])
      .slice(0, ISSUES_SHOWN)
      .map(({ instancePath, message }) => ({ pointer: instancePath, message: message ?? 'is wrong' }));
  }

  /** Throws the standard's `validation` error, with the pointer of each issue, when the data does not fit. */
  check(schema: JsonObject | undefined, data: Json, what: string): void {
    const issues = this.issues(schema, data);
    if (issues.length === 0) return;
    throw new WorkflowError({
      type: 'validation',
      status: 400,
      title: 'VALIDATION_ERROR',
      detail: `Cannot take the ${what}: ${issues.map(({ pointer, message }) => `${pointer || '/'} ${message}`).join('; ')}`,
    });
  }
}

type Compiler = Pick<Ajv, 'compile' | 'validateSchema'>;

/** Whether a document is a JSON Schema is one and the same check for all: its compilation takes longer than that of most schemas. They keep nothing of what they check. */
const META_CHECKS = new Map<SchemaDraft, Compiler>();
const OPTIONS: Options = { allErrors: true, strict: false, validateFormats: false, addUsedSchema: false, validateSchema: false };

/** The compiler for a draft; each is made when it is first needed. */
function made(compilers: Map<SchemaDraft, Compiler>, draft: SchemaDraft): Compiler {
  const compiler = compilers.get(draft) ?? makeCompiler(draft);
  compilers.set(draft, compiler);
  return compiler;
}

function makeCompiler(draft: SchemaDraft): Compiler {
  if (draft === '2020-12') return new Ajv2020(OPTIONS);
  return draft === '2019-09' ? new Ajv2019(OPTIONS) : new Ajv(OPTIONS).addMetaSchema(draft6);
}
