import type { Json, JsonObject } from '@loopwright/protocol';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { WorkflowError } from './workflow-error.ts';

/** Checks data against the JSON Schemas of a definition; each schema is compiled once. */
export class SchemaValidator {
  readonly #ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
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

  /** Throws the standard's `validation` error, with the pointer of each issue, when the data does not fit. */
  check(schema: JsonObject | undefined, data: Json, what: string): void {
    if (schema === undefined) return;
    const validate = this.compile(schema);
    if (validate(data)) return;
    const issues = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message ?? 'is wrong'}`);
    throw new WorkflowError({
      type: 'validation',
      status: 400,
      title: 'VALIDATION_ERROR',
      detail: `Cannot take the ${what}: ${issues.slice(0, 20).join('; ')}`,
    });
  }
}
