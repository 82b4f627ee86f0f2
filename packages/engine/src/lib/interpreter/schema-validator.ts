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
  readonly #compilers = new Map<SchemaDraft, Pick<Ajv, 'compile'>>();
  readonly #compiled = new WeakMap<object, ValidateFunction>();

  /** Compiles the `document` of a schema object; throws what the compiler says when it is not a JSON Schema. */
  compile(schema: JsonObject): ValidateFunction {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      const document = schema['document'];
      validate = this.#compiler(schema).compile(
        document !== null && typeof document === 'object' && !Array.isArray(document) ? document : {},
      );
      this.#compiled.set(schema, validate);
    }
    return validate;
  }

  /** The compiler for the draft of a schema; each is made when it is first needed. */
  #compiler(schema: JsonObject): Pick<Ajv, 'compile'> {
    const draft = draftOf(schema);
    // A definition that was taken before another draft could be told apart was checked by the newest.
    const known = typeof draft === 'string' ? draft : '2020-12';
    const compiler = this.#compilers.get(known) ?? makeCompiler(known);
    this.#compilers.set(known, compiler);
    return compiler;
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

const OPTIONS: Options = { allErrors: true, strict: false, validateFormats: false, addUsedSchema: false };

function makeCompiler(draft: SchemaDraft): Pick<Ajv, 'compile'> {
  if (draft === '2020-12') return new Ajv2020(OPTIONS);
  return draft === '2019-09' ? new Ajv2019(OPTIONS) : new Ajv(OPTIONS).addMetaSchema(draft6);
}
