import type { JsonObject } from '@loopwright/protocol';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { SCHEMAS_HELD } from './limits.ts';
import { type SchemaCheck, compileSchema } from './schema-check.ts';

/**
 * Compiled schemas by their text, the ones used last. To compile one takes longer than all the rest of a switch, and the versions of a program
 * mostly have the same.
 */
export class SchemaChecks {
  readonly #sandbox: Sandbox;
  readonly #held = new Map<string, Promise<SchemaCheck>>();

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** The check of a schema, for programs of a tenant. Throws as {@link compileSchema} does. */
  of(schema: JsonObject, tenant: string | undefined): Promise<SchemaCheck> {
    const key = JSON.stringify([tenant ?? null, schema]);
    const held = this.#held.get(key) ?? compileSchema(schema, this.#sandbox, tenant);
    this.#held.delete(key);
    this.#held.set(key, held);
    held.catch(() => this.#held.delete(key));
    const [oldest] = this.#held.keys();
    if (this.#held.size > SCHEMAS_HELD && oldest !== undefined) this.#held.delete(oldest);
    return held;
  }
}
