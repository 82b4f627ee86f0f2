import type { Json } from '@loopwright/protocol';
import { httpArgumentsSchema, openapiArgumentsSchema } from '../http-call/call-arguments.ts';
import { isExpression } from '../expression/expression.ts';
import { type WorkflowDocument, everyTaskInside } from './definition.ts';
import type { Issue } from './read-source.ts';
import type { Task } from './task.ts';

/** A task with the path to it. */
interface PlacedTask {
  readonly task: Task;
  readonly path: readonly string[];
}

type Use = NonNullable<WorkflowDocument['use']>;

/** The policies of `use.authentications`: the secrets that they name are among `use.secrets`. */
export function* checkPolicies(use: Use): Generator<Issue> {
  for (const [name, policy] of Object.entries(use.authentications ?? {})) {
    yield* checkPolicy(policy, { use, path: ['use', 'authentications', name] });
  }
}

/** The arguments of a `call` that the standard defines: their form, and the policies and secrets that they name. */
export function* checkCall({ task, path }: PlacedTask, use: Use): Generator<Issue> {
  if (!('call' in task)) return;
  const form = { http: httpArgumentsSchema, openapi: openapiArgumentsSchema }[task.call];
  if (form === undefined) return;
  const args = task.with ?? {};
  for (const issue of form.safeParse(args).error?.issues ?? []) {
    const inside = issue.path.map(String);
    // An expression may give any type, so what it stands in is not known before it is evaluated.
    if (issue.code !== 'unrecognized_keys' && hasExpression(at(args, inside))) continue;
    yield { path: [...path, 'with', ...inside], message: `Cannot call "${task.call}": ${issue.message}` };
  }
  for (const place of [['endpoint'], ['endpoint', 'uri'], ['document', 'endpoint'], ['document', 'endpoint', 'uri']]) {
    const uri = at(args, place);
    if (typeof uri !== 'string' || uri === '' || isExpression(uri) || /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(uri)) continue;
    yield { path: [...path, 'with', ...place], message: `Cannot call "${uri}": it is no absolute URI and no expression` };
  }
  for (const place of [['authentication'], ['endpoint', 'authentication'], ['document', 'endpoint', 'authentication']]) {
    yield* checkPolicy(at(args, place), { use, path: [...path, 'with', ...place] });
  }
}

/** The policy that reads the source of a script. */
export function* checkScriptSource({ task, path }: PlacedTask, use: Use): Generator<Issue> {
  if (!('run' in task) || !('script' in task.run)) return;
  const policy = task.run.script.source?.endpoint.authentication;
  yield* checkPolicy(policy, { use, path: [...path, 'run', 'script', 'source', 'endpoint', 'authentication'] });
}

function* checkPolicy(policy: unknown, { use, path }: { use: Use; path: readonly string[] }): Generator<Issue> {
  if (policy === null || typeof policy !== 'object') return;
  for (const [scheme, value] of Object.entries(policy)) {
    if (scheme === 'use') {
      if (typeof value === 'string' && Object.hasOwn(use.authentications ?? {}, value)) continue;
      const message = `Cannot authenticate with "${String(value)}": use.authentications has none of that name`;
      yield { path: [...path, 'use'], message };
    } else if (value !== null && typeof value === 'object' && 'use' in value) {
      if (typeof value.use === 'string' && (use.secrets ?? []).includes(value.use)) continue;
      const message = `Cannot authenticate with the secret "${String(value.use)}": use.secrets does not name it`;
      yield { path: [...path, scheme, 'use'], message };
    }
  }
}

/** Functions of the definition: none calls itself, directly or through others. */
export function* checkFunctions(use: Use): Generator<Issue> {
  const functions = use.functions ?? {};
  const calls = new Map(
    Object.entries(functions).map(([name, named]) => {
      const called = [named, ...[...everyTaskInside(named, '')].map((inner) => inner.named)].flatMap(({ task }) =>
        'call' in task ? [task.call] : [],
      );
      return [name, called.filter((one) => Object.hasOwn(functions, one))];
    }),
  );
  for (const name of calls.keys()) {
    if (!reaches(calls, name)) continue;
    yield { path: ['use', 'functions', name], message: `Cannot define the function "${name}": it calls itself` };
  }
  for (const name of Object.keys(functions)) {
    if (!STANDARD_CALLS.has(name)) continue;
    yield {
      path: ['use', 'functions', name],
      message: `Cannot define the function "${name}": the standard has one of that name`,
    };
  }
}

/** Names that the standard gives a meaning of their own. */
const STANDARD_CALLS = new Set(['http', 'openapi', 'asyncapi', 'grpc', 'a2a', 'mcp']);

function reaches(calls: ReadonlyMap<string, readonly string[]>, from: string): boolean {
  const seen = new Set<string>();
  const open = [...(calls.get(from) ?? [])];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === from) return true;
    if (!seen.has(name)) open.push(...(calls.get(name) ?? []));
    seen.add(name);
  }
  return false;
}

function hasExpression(value: Json | undefined): boolean {
  if (value === undefined) return false;
  if (typeof value === 'string') return isExpression(value);
  return value !== null && typeof value === 'object' && Object.values(value).some(hasExpression);
}

function at(value: Json, path: readonly string[]): Json | undefined {
  let found: Json | undefined = value;
  for (const part of path) {
    if (found === null || typeof found !== 'object' || Array.isArray(found)) return undefined;
    found = found[part];
  }
  return found;
}
