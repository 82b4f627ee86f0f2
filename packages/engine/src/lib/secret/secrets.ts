import type { Json, JsonObject } from '@loopwright/protocol';
import type { ExecutionInfo } from '../interpreter/call-function.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';

/**
 * Gives the value of a secret to an execution, or `undefined` when there is none or the execution may not have it. It is asked
 * whenever an execution is taken up, so a value may change between two wake-ups. When it throws, the execution rests and tries again.
 */
export type SecretReader = (name: string, execution: ExecutionInfo) => Json | undefined | Promise<Json | undefined>;

/** The shortest text that is taken out of errors: shorter ones are parts of ordinary words. */
const REDACTED_FROM_CHARACTERS = 4;

/**
 * The secrets of one execution, and the texts that its credentials became. They live in memory only; where an expression of the definition puts one, it
 * is recorded there.
 */
export class Secrets {
  /** By name, as `$secrets` shows them. */
  readonly values: JsonObject;
  #texts: readonly string[] = [];

  constructor(values: JsonObject) {
    this.values = values;
    this.hide(values);
  }

  /** Takes the texts of a value out of errors as well. */
  hide(value: Json): void {
    const texts = textsIn(value).filter((text) => text.length >= REDACTED_FROM_CHARACTERS);
    // The longest first: one secret may be a part of another. Errors quote values as JSON too.
    this.#texts = [...new Set([...this.#texts, ...texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)])])].sort(
      (left, right) => right.length - left.length,
    );
  }

  /** The error with `***` wherever its texts have the text of a secret. */
  redact(error: WorkflowError): WorkflowError {
    const { document } = error;
    const clean = Object.entries(document).map(([name, value]) => [name, typeof value === 'string' ? this.#clean(value) : value]);
    if (clean.every(([name, value]) => document[name as keyof typeof document] === value)) return error;
    return WorkflowError.fromJson(Object.fromEntries(clean) as JsonObject);
  }

  #clean(text: string): string {
    return this.#texts.reduce((cleaned, secret) => cleaned.replaceAll(secret, '***'), text);
  }
}

/** The secrets could not be asked for, now: nothing is known about whether they exist. */
export class SecretsNotReadError extends Error {
  override readonly name = 'SecretsNotReadError';
}

/**
 * Reads the secrets that a definition names.
 *
 * @throws WorkflowError the standard's `authorization` error 403 when one does not exist; SecretsNotReadError when the reader fails.
 */
export async function readSecrets(
  names: readonly string[],
  reader: SecretReader | undefined,
  execution: ExecutionInfo,
): Promise<Secrets> {
  const values: JsonObject = {};
  for (const name of names) {
    const value = await read(name, reader, execution);
    if (value === undefined) {
      const detail = `Cannot use the secret "${name}": there is none of that name for this execution`;
      throw new WorkflowError({ type: 'authorization', status: 403, title: 'FORBIDDEN', detail });
    }
    values[name] = value;
  }
  return new Secrets(values);
}

async function read(name: string, reader: SecretReader | undefined, execution: ExecutionInfo): Promise<Json | undefined> {
  try {
    return await reader?.(name, execution);
  } catch (error) {
    throw new SecretsNotReadError(`Cannot read the secret "${name}": who keeps it failed`, { cause: error });
  }
}

function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
}
