import type { Json, JsonObject } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';
import type { Task } from '../definition/task.ts';
import { authenticationSchema, resolveAuthentication } from '../http-call/authentication-policy.ts';
import type { TaskFrame, TaskRunner } from './frame.ts';
import { credentialsOf } from './invoke.ts';

/** What the expressions of a definition look at, besides what is always there. */
interface Looks {
  /** Whether one may look at `$task.startedAt`, which must be recorded for each task. */
  readonly atStart: boolean;
  readonly atAuthorization: boolean;
}

const seen = new WeakMap<WorkflowDefinition, Looks>();
/** `$task` followed by anything but a member that needs no record. */
const START = /\$task\b(?!\s*\.\s*(?:name|reference|definition|input|output)\b)/;

/** Finds out once for each definition what its expressions look at. */
export function looksOf(definition: WorkflowDefinition): Looks {
  const known = seen.get(definition);
  if (known !== undefined) return known;
  const text = JSON.stringify(definition.source);
  const looks = { atStart: START.test(text), atAuthorization: /\$authorization\b/.test(text) };
  seen.set(definition, looks);
  return looks;
}

/** The standard's descriptor of a time in milliseconds since 1970-01-01 UTC. */
export function dateTime(at: number): JsonObject {
  return { iso8601: new Date(at).toISOString(), epoch: { seconds: Math.floor(at / 1000), milliseconds: at } };
}

/**
 * `$authorization` of a task: the scheme and the parameter of `basic` and `bearer`. `null` for a task that shows no credentials, or whose
 * credentials are only known while it calls (`digest`, and the tokens of `oauth2` and `oidc`). It is made anew in each replay and not recorded.
 */
export function authorizationOf(interpreter: TaskRunner, task: Task, frame: TaskFrame): Json {
  const reference = authenticationOf(task);
  if (reference === undefined) return null;
  const resolved = interpreter.parts.expressions.resolve(reference, frame.input, frame.variables);
  const parsed = authenticationSchema.safeParse(resolved);
  if (!parsed.success) return null;
  try {
    const policy = resolveAuthentication(parsed.data, { credentials: credentialsOf(interpreter, frame) });
    if ('bearer' in policy) return { scheme: 'Bearer', parameter: policy.bearer.token };
    if (!('basic' in policy)) return null;
    const { username, password } = policy.basic;
    return { scheme: 'Basic', parameter: Buffer.from(`${username}:${password}`).toString('base64') };
  } catch {
    // The call itself fails with the reason.
    return null;
  }
}

function authenticationOf(task: Task): Json | undefined {
  if (!('call' in task)) return undefined;
  const { endpoint, authentication } = task.with ?? {};
  if (task.call === 'openapi') return authentication;
  const isObject = endpoint !== null && typeof endpoint === 'object' && !Array.isArray(endpoint);
  return task.call === 'http' && isObject ? endpoint['authentication'] : undefined;
}
