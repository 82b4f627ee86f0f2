import { type Json, type JsonObject, messageOf } from '@loopwright/protocol';
import { explainInvalidExpression, isExpression } from '../expression/expression.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import { checkEvents } from './check-events.ts';
import { VARIABLE_NAMES } from '../interpreter/frame.ts';
import { SchemaValidator } from '../interpreter/schema-validator.ts';
import { type WorkflowDefinition, type WorkflowDocument, definitionSchema, digestOf, everyTask } from './definition.ts';
import { type Issue, readSource } from './read-source.ts';
import type { NamedTask } from './task.ts';

/**
 * Reads a definition from YAML or JSON text and checks all that can be known before it runs: its form, the functions it
 * calls, the tasks, errors and policies it names, its expressions and schemas. Throws INVALID_DEFINITION with every issue, its JSON pointer,
 * line and column.
 */
export function loadDefinition(text: string, functions: FunctionCatalogue): WorkflowDefinition {
  const source = readSource(text);
  const { value } = source;
  const parsed = definitionSchema.safeParse(value);
  if (!parsed.success) throw source.refuse(parsed.error.issues);
  const issues = [
    ...checkReferences(parsed.data, functions),
    ...checkExpressions(value),
    ...checkSchemas(parsed.data),
    ...checkEvents(parsed.data),
  ];
  if (issues.length > 0) throw source.refuse(issues);
  const { name, version } = parsed.data.document;
  return { name, version, digest: digestOf(value), source: value, document: parsed.data };
}

function* checkReferences(document: WorkflowDocument, functions: FunctionCatalogue): Generator<Issue> {
  const use = document.use ?? {};
  for (const list of everyList(document.do, '/do')) yield* checkNames(list);
  for (const { named, pointer } of everyTask(document.do)) {
    const path = pointer.slice(1).split('/');
    const { task } = named;
    if ('call' in task && functions[task.call] === undefined) {
      yield { path: [...path, 'call'], message: `Cannot call "${task.call}": there is no such function` };
    }
    if (typeof task.timeout === 'string' && use.timeouts?.[task.timeout] === undefined) {
      yield {
        path: [...path, 'timeout'],
        message: `Cannot use the time-out "${task.timeout}": use.timeouts has none of that name`,
      };
    }
    if ('raise' in task && typeof task.raise.error === 'string' && use.errors?.[task.raise.error] === undefined) {
      yield {
        path: [...path, 'raise', 'error'],
        message: `Cannot raise "${task.raise.error}": use.errors has none of that name`,
      };
    }
    const retry = 'try' in task ? task.catch.retry : undefined;
    if (typeof retry === 'string' && use.retries?.[retry] === undefined) {
      yield { path: [...path, 'catch', 'retry'], message: `Cannot retry by "${retry}": use.retries has none of that name` };
    }
  }
}

interface PlacedList {
  readonly tasks: readonly NamedTask[];
  readonly pointer: string;
  /** Branches of a fork do not follow one another, so none can go to another. */
  readonly parallel: boolean;
}

function* everyList(tasks: readonly NamedTask[], pointer: string, parallel = false): Generator<PlacedList> {
  yield { tasks, pointer, parallel };
  for (const [index, { name, task }] of tasks.entries()) {
    const at = `${pointer}/${index}/${name}`;
    if ('do' in task) yield* everyList(task.do, `${at}/do`);
    if ('listen' in task && task.foreach?.do !== undefined) yield* everyList(task.foreach.do, `${at}/foreach/do`);
    if ('fork' in task) yield* everyList(task.fork.branches, `${at}/fork/branches`, true);
    if ('try' in task) {
      yield* everyList(task.try, `${at}/try`);
      if (task.catch.do !== undefined) yield* everyList(task.catch.do, `${at}/catch/do`);
    }
  }
}

/** Names within one list are different, and every `then` names a task of its own list. */
function* checkNames({ tasks, pointer, parallel }: PlacedList): Generator<Issue> {
  const names = tasks.map(({ name }) => name);
  const known = new Set([...(parallel ? [] : names), 'continue', 'exit', 'end']);
  for (const [index, { name, task }] of tasks.entries()) {
    const path = `${pointer}/${index}/${name}`.slice(1).split('/');
    if (names.indexOf(name) !== index) yield { path, message: `Cannot use the name "${name}" twice in one list` };
    const targets = 'switch' in task ? task.switch.flatMap((item) => Object.values(item).map(({ then }) => then)) : [];
    for (const target of [...targets, task.then ?? 'continue']) {
      if (!known.has(target)) yield { path, message: `Cannot go to "${target}": there is no task of that name in this list` };
    }
  }
}

/** Keys whose text is an expression even without `${ }`. */
const CONDITIONS = new Set(['if', 'when', 'exceptWhen', 'while', 'until']);
const TRANSFORMS = new Set(['input.from', 'output.as', 'export.as', 'for.in']);
/** Keys below which there is data of the user: only `${ }` makes an expression there. */
const DATA = new Set(['with', 'set']);
/** Keys below which nothing is evaluated. */
const INERT = new Set(['metadata', 'schema', 'document']);

function isInData(path: readonly string[]): boolean {
  return path.some((part) => DATA.has(part));
}

function isBareExpression(path: readonly string[]): boolean {
  const key = path.at(-1) ?? '';
  const isCorrelation = key === 'from' && path.at(-3) === 'correlate';
  return !isInData(path) && (CONDITIONS.has(key) || TRANSFORMS.has(`${path.at(-2) ?? ''}.${key}`) || isCorrelation);
}

function* checkExpressions(value: Json, path: readonly string[] = [], names = VARIABLE_NAMES): Generator<Issue> {
  if (typeof value === 'string') {
    if (!isExpression(value) && !isBareExpression(path)) return;
    const reason = explainInvalidExpression(value, names);
    if (reason !== undefined) yield { path, message: `Cannot use the expression "${value}": ${reason}` };
    return;
  }
  if (value === null || typeof value !== 'object') return;
  const named = isInData(path) || Array.isArray(value) ? names : [...names, ...introducedNames(value, path)];
  for (const [key, item] of Object.entries(value)) {
    // Before an execution there is nothing that a variable could hold.
    const visible = path.length === 0 && key === 'schedule' ? [] : named;
    if (isInData(path) || !INERT.has(key)) yield* checkExpressions(item, [...path, key], visible);
  }
}

/** Names that a part of a definition gives to expressions inside it: the caught error, the item of a loop and its index. */
function introducedNames(value: JsonObject, path: readonly string[]): string[] {
  if (path.at(-1) === 'catch') return typeof value['as'] === 'string' ? [value['as']] : [];
  if (path.at(-1) === 'foreach')
    return [value['item'] ?? 'item', value['at'] ?? 'index'].filter((name) => typeof name === 'string');
  const loop = value['for'];
  if (loop === undefined || loop === null || typeof loop !== 'object' || Array.isArray(loop)) return [];
  return [loop['each'] ?? 'item', loop['at'] ?? 'index'].filter((name) => typeof name === 'string');
}

function* checkSchemas(document: WorkflowDocument): Generator<Issue> {
  const validator = new SchemaValidator();
  const owners = [
    { path: [] as string[], owner: { input: document.input, output: document.output, export: undefined } },
    ...[...everyTask(document.do)].map(({ named, pointer }) => ({ path: pointer.slice(1).split('/'), owner: named.task })),
  ];
  for (const { path, owner } of owners) {
    for (const part of ['input', 'output', 'export'] as const) {
      const schema = owner[part]?.schema;
      if (schema === undefined) continue;
      try {
        validator.compile(schema);
      } catch (error) {
        yield { path: [...path, part, 'schema'], message: `Cannot use the schema: ${messageOf(error)}` };
      }
    }
  }
}
