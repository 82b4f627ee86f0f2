import type { Json } from '@loopwright/protocol';
import type { Task } from '../definition/task.ts';
import { type AuthenticationPolicy, authenticationSchema, resolveAuthentication } from '../http-call/authentication-policy.ts';
import type { TaskFrame, TaskRunner } from './frame.ts';
import { credentialsOf, withoutSecrets } from './invoke.ts';

/**
 * `$authorization` of a task: the scheme and the parameter of the header by which its call shows who it is; `null` for a task that shows no
 * credentials. The parameter of `digest` is `null`: each request has its own, made of what the server asks.
 *
 * It is made anew in each replay and never recorded. That a token can be had is a recorded step of its own (`…@authorization`), so a task whose
 * authority refuses fails once and for all; a token that cannot be had again later lets the execution rest.
 */
export async function authorizationOf(interpreter: TaskRunner, task: Task, frame: TaskFrame): Promise<Json> {
  const policy = policyOf(interpreter, task, frame);
  if (policy === undefined) return null;
  if ('digest' in policy) return { scheme: 'Digest', parameter: null };
  const shown = await shownBy(interpreter, { task, policy }, frame);
  if (shown !== null) interpreter.hidden.hide(shown.parameter);
  return shown;
}

async function shownBy(
  interpreter: TaskRunner,
  { task, policy }: { task: Task; policy: Exclude<AuthenticationPolicy, { digest: unknown }> },
  frame: TaskFrame,
): Promise<{ scheme: string; parameter: string } | null> {
  if ('bearer' in policy) return { scheme: 'Bearer', parameter: policy.bearer.token };
  if ('basic' in policy) {
    const { username, password } = policy.basic;
    return { scheme: 'Basic', parameter: Buffer.from(`${username}:${password}`).toString('base64') };
  }
  const { functions, durable } = interpreter.parts;
  const called = 'call' in task ? functions[task.call] : undefined;
  const ask = called?.accessToken?.bind(called);
  if (!('call' in task) || ask === undefined) return null;
  const address = { key: `${frame.key}@authorization`, name: frame.name, call: task.call };
  await durable.step(address, (attempt) =>
    withoutSecrets(interpreter, async ({ signal }) => (await ask(policy, frame.input, signal), null), attempt),
  );
  return { scheme: 'Bearer', parameter: await durable.fresh(address, (signal) => ask(policy, frame.input, signal)) };
}

function policyOf(interpreter: TaskRunner, task: Task, frame: TaskFrame): AuthenticationPolicy | undefined {
  const reference = authenticationOf(task);
  if (reference === undefined) return undefined;
  const resolved = interpreter.parts.expressions.resolve(reference, frame.input, frame.variables);
  const parsed = authenticationSchema.safeParse(resolved);
  if (!parsed.success) return undefined;
  try {
    return resolveAuthentication(parsed.data, { credentials: credentialsOf(interpreter, frame) });
  } catch {
    // The call itself fails with the reason.
    return undefined;
  }
}

function authenticationOf(task: Task): Json | undefined {
  if (!('call' in task)) return undefined;
  const { endpoint, authentication } = task.with ?? {};
  if (task.call === 'openapi') return authentication;
  const isObject = endpoint !== null && typeof endpoint === 'object' && !Array.isArray(endpoint);
  return task.call === 'http' && isObject ? endpoint['authentication'] : undefined;
}
