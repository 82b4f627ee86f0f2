import type { Json, JsonObject } from '@loopwright/protocol';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { WorkflowError } from './workflow-error.ts';

/** How many issues one check names. */
const ISSUES_SHOWN = 20;

/** Checks data against the JSON Schemas of a definition; each schema is compiled once. */
export class SchemaValidator {
  readonly #ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, addUsedSchema: false });
  readonly #compiled = new WeakMap<object, ValidateFunction>();

  /** Compiles the `document` of a schema object; throws what the compiler says when it is not a JSON Schema. */
  compile(schema: JsonObject): ValidateFunction {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      const document = schema['document'];
      validate = this.#ajv.compile(document !== null && typeof document === 'object' && !Array.isArray(document) ? document : {});
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
