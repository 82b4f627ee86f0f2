import { type Json, type JsonObject, PlatformError, messageOf } from '@loopwright/protocol';
import type { ErrorObject, Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import draft7 from 'ajv/dist/refs/json-schema-draft-07.json' with { type: 'json' };
import standalone from 'ajv/dist/standalone/index.js';
import { z } from 'zod';
import { buildCheck } from '../build/build-check.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { isPlainSchema } from './plain-schema.ts';

/** One thing that is wrong in a value. */
export interface SchemaIssue {
  /** JSON pointer into the value. */
  readonly pointer: string;
  readonly message: string;
}

/** Gives what is wrong in a value, at most 20 issues; empty when it is valid. `json` is the value as text. */
export type SchemaCheck = (value: Json, json: string) => readonly SchemaIssue[] | Promise<readonly SchemaIssue[]>;

type ReportedError = Pick<ErrorObject, 'instancePath' | 'message' | 'keyword' | 'params'>;

const reportedErrorsSchema: z.ZodType<ReportedError[]> = z.array(
  z.object({ instancePath: z.string(), message: z.string(), keyword: z.string(), params: z.record(z.string(), z.unknown()) }),
);

const OPTIONS: Options = { strict: false, allErrors: true, validateFormats: false, logger: false };

/** Whether something is a JSON Schema is one and the same check for all: its compilation takes longer than that of most schemas. It keeps nothing of what it checks. */
let metaCheck: Ajv2020 | undefined;

/**
 * Compiles a JSON Schema (2020-12, or draft 7 when it says so). An empty schema accepts everything. A schema whose check could take
 * long is checked in the sandbox, in the processes of `tenant`.
 *
 * @throws PlatformError INVALID_PROGRAM for a schema that cannot be compiled.
 */
export async function compileSchema(schema: JsonObject, sandbox: Sandbox, tenant?: string): Promise<SchemaCheck> {
  if (Object.keys(schema).length === 0) return () => [];
  const isPlain = isPlainSchema(schema);
  try {
    metaCheck ??= new Ajv2020(OPTIONS).addMetaSchema(draft7);
    // The meta-schemas are no asynchronous ones: it throws at once.
    void metaCheck.validateSchema(schema, true);
    // One instance a schema: an instance keeps all it ever compiled, and two schemas may use one `$id`.
    const ajv = new Ajv2020({ ...OPTIONS, validateSchema: false, ...(isPlain ? {} : { code: { source: true, esm: true } }) });
    const validate = ajv.addMetaSchema(draft7).compile(schema);
    if (isPlain) return (value) => (validate(value) ? [] : (validate.errors ?? []).slice(0, 20).map(issueOf));
    const source = standalone.default(ajv, validate);
    return checkInSandbox({ ...(await buildCheck(source)), tenant }, sandbox);
  } catch (error) {
    throw new PlatformError('INVALID_PROGRAM', `Cannot compile the schema: ${messageOf(error).slice(0, 500)}`, { cause: error });
  }
}

/** The issues as details of an error. */
export function issuesAsDetails(issues: readonly SchemaIssue[], prefix: string): JsonObject {
  return { issues: issues.map(({ pointer, message }) => ({ pointer: prefix + pointer, message })) };
}

function checkInSandbox(
  { code, digest, tenant }: { code: string; digest: string; tenant: string | undefined },
  sandbox: Sandbox,
): SchemaCheck {
  return async (_, json) => {
    const result = await sandbox.run({ key: digest, code, tenant, state: 'kept' }, json);
    if (result.status !== 'success') return [{ pointer: '', message: `cannot be checked against the schema: ${result.message}` }];
    return reportedErrorsSchema.parse(JSON.parse(result.outputJson)).map(issueOf);
  };
}

function issueOf({ instancePath, message, keyword, params }: ReportedError): SchemaIssue {
  const extra = keyword === 'additionalProperties' ? `: ${JSON.stringify(params['additionalProperty'])}` : '';
  return { pointer: instancePath, message: `${message ?? 'is not valid'}${extra}` };
}
