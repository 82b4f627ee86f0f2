import { type JsonObject, PlatformError, messageOf } from '@loopwright/protocol';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import { checkEvents } from './check-events.ts';
import { VARIABLE_NAMES } from '../interpreter/frame.ts';
import { SchemaValidator } from '../interpreter/schema-validator.ts';
import { isCatalogued, isInCatalogued } from '../catalogue/function-reference.ts';
import { RUN_SCRIPT } from '../script/script-function.ts';
import { checkExpressions } from './check-expressions.ts';
import { checkReachable } from './check-reachable.ts';
import { argumentNames, explainInvalidScript } from './check-script.ts';
import { checkCall, checkFunctions, checkPolicies, checkScriptSource } from './check-use.ts';
import { type WorkflowDefinition, type WorkflowDocument, definitionSchema, digestOf, everyTaskOf } from './definition.ts';
import { draftOf } from './schema-draft.ts';
import { everySchema } from './every-schema.ts';
import { pathOf, pointerPart } from './json-pointer.ts';
import { type DefinitionSource, type Issue, readSource, sourceOf } from './read-source.ts';
import type { NamedTask, Task } from './task.ts';
import { checkWorkflowLimits } from '../limits/workflow-limits.ts';

/**
 * Reads a definition from YAML or JSON text and checks all that can be known before it runs: its form, the functions it
 * calls, the tasks, errors and policies it names, its expressions and schemas. Throws INVALID_DEFINITION with every issue, its JSON pointer,
 * line and column.
 */
export function loadDefinition(text: string, functions: FunctionCatalogue): WorkflowDefinition {
  return checkDefinition(readSource(text), functions);
}

/**
 * Takes a document that a program made of a definition that was checked, by putting tasks around those of its author. Everything is checked but
 * expressions and schemas: they are those of the definition, and of the program. Issues are placed in its JSON text. Throws INVALID_DEFINITION.
 */
export function loadWovenDefinition(value: JsonObject, functions: FunctionCatalogue): WorkflowDefinition {
  return takeDefinition(sourceOf(value), value, (document) => [
    ...checkReferences(document, functions),
    ...checkLimits(document),
  ]);
}

/** Checks a definition that was read, or what was made of it; the issues are placed in what was read. */
export function checkDefinition(
  source: DefinitionSource,
  functions: FunctionCatalogue,
  value: JsonObject = source.value,
): WorkflowDefinition {
  return takeDefinition(source, value, (document) => {
    const secrets = document.use?.secrets;
    const names = secrets === undefined ? VARIABLE_NAMES : [...VARIABLE_NAMES, 'secrets'];
    return [
      ...checkReferences(document, functions),
      ...checkExpressions(value, { names, secrets }),
      ...checkSchemas(document),
      ...checkLimits(document),
    ];
  });
}

/** Checks the form, then what `check` finds. Throws INVALID_DEFINITION with all issues. */
function takeDefinition(
  source: DefinitionSource,
  value: JsonObject,
  check: (document: WorkflowDocument) => readonly Issue[],
): WorkflowDefinition {
  const parsed = definitionSchema.safeParse(value);
  if (!parsed.success) throw source.refuse(parsed.error.issues);
  const issues = check(parsed.data);
  if (issues.length > 0) throw source.refuse(issues);
  const { name, version } = parsed.data.document;
  return { name, version, digest: digestOf(value), source: value, document: parsed.data };
}

function checkLimits(document: WorkflowDocument): Issue[] {
  return [...checkWorkflowLimits(document), ...checkEvents(document)];
}

function* checkReferences(document: WorkflowDocument, functions: FunctionCatalogue): Generator<Issue> {
  const use = document.use ?? {};
  for (const list of everyListOf(document)) {
    yield* checkNames(list);
    if (!list.parallel) yield* checkReachable(list.tasks, list.pointer);
  }
  yield* checkPolicies(use);
  yield* checkFunctions(use);
  for (const { named, pointer } of everyTaskOf(document)) {
    const path = pathOf(pointer);
    const { task } = named;
    // A function of a catalogue was written by others: of the definition it gets nothing but other such functions.
    const isForeign = isInCatalogued(pointer, use.functions);
    const given = isForeign ? { functions: cataloguedOf(use) } : use;
    yield* checkCalled(task, path, { functions, use: given });
    yield* checkCall({ task, path }, given);
    yield* checkScript(task, path, { functions, use: given });
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

/**
 * Reads back the source of a definition that was taken before. Only what it calls is checked again: what a newer version refuses at load must not
 * stop an execution that is under way, and one whose functions are missing now must rest until they are back. Throws a `ZodError`
 * when it is no definition at all, INVALID_DEFINITION when it calls what is not there.
 */
export function restoreDefinition(source: JsonObject, functions: FunctionCatalogue): WorkflowDefinition {
  const document = definitionSchema.parse(source);
  const known: Known = { functions, use: document.use ?? {} };
  for (const { named } of everyTaskOf(document)) {
    for (const { message } of checkCalled(named.task, [], known)) throw new PlatformError('INVALID_DEFINITION', message);
  }
  const { name, version } = document.document;
  return { name, version, digest: digestOf(source), source, document };
}

interface Known {
  readonly functions: FunctionCatalogue;
  readonly use: NonNullable<WorkflowDocument['use']>;
}

function cataloguedOf({ functions = {} }: Known['use']): Record<string, NamedTask> {
  return Object.fromEntries(Object.entries(functions).filter(([name]) => isCatalogued(name)));
}

function* checkCalled(task: Task, path: readonly string[], { functions, use }: Known): Generator<Issue> {
  if (!('call' in task) || Object.hasOwn(use.functions ?? {}, task.call)) return;
  if (Object.hasOwn(functions, task.call) && task.call !== RUN_SCRIPT) return;
  const why = isCatalogued(task.call)
    ? 'it is not among the functions that were read with the definition'
    : 'there is no such function';
  yield { path: [...path, 'call'], message: `Cannot call "${task.call}": ${why}` };
}

function* checkScript(task: Task, path: readonly string[], { functions, use }: Known): Generator<Issue> {
  if (!('run' in task) || !('script' in task.run)) return;
  if (!Object.hasOwn(functions, RUN_SCRIPT)) {
    yield { path: [...path, 'run', 'script'], message: 'Cannot run the script: this engine was given nothing that runs scripts' };
  }
  const { code, arguments: args } = task.run.script;
  const reason = code === undefined ? undefined : explainInvalidScript(code, argumentNames(args));
  if (reason !== undefined) yield { path: [...path, 'run', 'script', 'code'], message: `Cannot use the script: ${reason}` };
  yield* checkScriptSource({ task, path }, use);
}

interface PlacedList {
  readonly tasks: readonly NamedTask[];
  readonly pointer: string;
  /** Branches of a fork do not follow one another, so none can go to another. */
  readonly parallel: boolean;
}

function* everyListOf({ do: list, use = {} }: WorkflowDocument): Generator<PlacedList> {
  yield* everyList(list, '/do');
  for (const named of Object.values(use.functions ?? {}))
    yield* everyListInside(named, `/use/functions/${pointerPart(named.name)}`);
  for (const { pointer, before, after } of use.extensions ?? []) {
    if (before !== undefined) yield* everyList(before, `${pointer}/before`);
    if (after !== undefined) yield* everyList(after, `${pointer}/after`);
  }
}

function* everyList(tasks: readonly NamedTask[], pointer: string, parallel = false): Generator<PlacedList> {
  yield { tasks, pointer, parallel };
  for (const [index, named] of tasks.entries()) yield* everyListInside(named, `${pointer}/${index}/${pointerPart(named.name)}`);
}

function* everyListInside({ task }: NamedTask, at: string): Generator<PlacedList> {
  if ('do' in task) yield* everyList(task.do, `${at}/do`);
  if ('listen' in task && task.foreach?.do !== undefined) yield* everyList(task.foreach.do, `${at}/foreach/do`);
  if ('fork' in task) yield* everyList(task.fork.branches, `${at}/fork/branches`, true);
  if ('try' in task) {
    yield* everyList(task.try, `${at}/try`);
    if (task.catch.do !== undefined) yield* everyList(task.catch.do, `${at}/catch/do`);
  }
}

/** Names within one list are different, and every `then` names a task of its own list. */
function* checkNames({ tasks, pointer, parallel }: PlacedList): Generator<Issue> {
  const names = tasks.map(({ name }) => name);
  const known = new Set([...(parallel ? [] : names), 'continue', 'exit', 'end']);
  for (const [index, { name, task }] of tasks.entries()) {
    const path = [...pathOf(pointer), String(index), name];
    if (names.indexOf(name) !== index) yield { path, message: `Cannot use the name "${name}" twice in one list` };
    const targets = 'switch' in task ? task.switch.flatMap((item) => Object.values(item).map(({ then }) => then)) : [];
    for (const target of [...targets, task.then ?? 'continue']) {
      if (!known.has(target)) yield { path, message: `Cannot go to "${target}": there is no task of that name in this list` };
    }
  }
}

function* checkSchemas(document: WorkflowDocument): Generator<Issue> {
  const validator = new SchemaValidator();
  for (const { path, schema } of everySchema(document)) {
    const reason = explainUnusableSchema(schema, validator);
    if (reason !== undefined) yield { path, message: `Cannot use the schema: ${reason}` };
  }
}

function explainUnusableSchema(schema: JsonObject, validator: SchemaValidator): string | undefined {
  const { format: _format, document, resource, ...others } = schema;
  if (resource !== undefined)
    return document === undefined
      ? 'the schema of a resource is not among those that were read with the definition'
      : 'it has a document and a resource';
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `it cannot have "${unknown}"`;
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return 'its document is no object';
  const draft = draftOf(schema);
  if (typeof draft === 'object') return draft.refused;
  try {
    validator.compile(schema);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
