import type { Json, JsonObject } from '@loopwright/protocol';
import type { z } from 'zod';
import type { StepAttempt } from '../context/durable-context.ts';
import type { TokenPolicy } from '../http-call/authentication-policy.ts';
import type { HumanTaskRequest } from '../human-task/human-task-request.ts';

/** Who runs what: the facts of the execution that a function may use. */
export interface ExecutionInfo {
  readonly executionId: string;
  readonly workflowName: string;
  readonly projectId: string;
  readonly startedBy: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly startedAt: number;
}

/** Policies and secrets by name, as the definition of the caller has them. What is found is never put into a result, an error or the journal. */
export interface Credentials {
  /** The policy that `use.authentications` has under a name, its expressions evaluated; `undefined` when there is none. */
  authentication(name: string): Json | undefined;
  /** What a secret of `use.secrets` holds; `undefined` when there is none. */
  secret(name: string): Json | undefined;
}

/** What a function of the catalogue gets with one call. */
export interface Invocation<Arguments> {
  readonly args: Arguments;
  /** The input of the task that calls, after `input.from`. */
  readonly input: Json;
  readonly execution: ExecutionInfo;
  /** The name of the task that calls. */
  readonly taskName: string;
  /** Something with effects, recorded under the task's key, or under `label` where a function has several. */
  readonly step: (run: (attempt: StepAttempt) => Promise<Json>, label?: string) => Promise<Json>;
  /** What the definition says about proving who the caller is; absent in a call that no definition makes. */
  readonly credentials?: Credentials;
  /**
   * Tells something to all who look at the execution or listen to events, once: a CloudEvent, whose `id` and `time` are filled in. In the log of the
   * execution it has its own type without the part that names us.
   */
  readonly emit: (event: JsonObject, label: string) => Promise<Json>;
  /** A question to people. */
  readonly ask: (request: HumanTaskRequest, label?: string) => Promise<Json>;
}

/** A function that definitions call by name: `call: NAME` with the arguments in `with`. */
export interface CallFunction<Arguments = unknown> {
  readonly description: string;
  /** Checks the evaluated arguments; a failure is the standard's `validation` error. */
  readonly arguments: z.ZodType<Arguments>;
  /**
   * The access token that a call by this policy would send, for `$authorization`; absent where calls send none. Throws `WorkflowError`. It is asked
   * in each replay, and what it gives is not recorded.
   */
  readonly accessToken?: (policy: TokenPolicy, input: Json, signal: AbortSignal) => Promise<string>;
  /** Everything outside `step` and `ask` is executed again in each replay and must have no effect. */
  run(invocation: Invocation<Arguments>): Promise<Json>;
}

/** Keeps the type of the arguments between the schema and the function. */
export function defineFunction<Arguments>(definition: CallFunction<Arguments>): CallFunction {
  return definition;
}

/** Functions by name. */
export type FunctionCatalogue = Readonly<Record<string, CallFunction>>;
