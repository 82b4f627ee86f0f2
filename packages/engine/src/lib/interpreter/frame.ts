import type { Json } from '@loopwright/protocol';
import type { DurableContext } from '../context/durable-context.ts';
import type { WorkflowDefinition } from '../definition/definition.ts';
import type { NamedTask } from '../definition/task.ts';
import type { ExpressionEvaluator, Variables } from '../expression/expression.ts';
import type { ExecutionInfo, FunctionCatalogue } from './call-function.ts';
import type { Secrets } from '../secret/secrets.ts';
import type { SchemaValidator } from './schema-validator.ts';
import type { Scope } from './scope.ts';
import { WorkflowError } from './workflow-error.ts';

/** What a run of a definition needs. */
export interface InterpreterParts {
  readonly definition: WorkflowDefinition;
  readonly info: ExecutionInfo;
  readonly input: Json;
  readonly durable: DurableContext;
  readonly functions: FunctionCatalogue;
  readonly expressions: ExpressionEvaluator;
  readonly schemas: SchemaValidator;
  /** The secrets that the definition names; absent when it names none. */
  readonly secrets?: Secrets | undefined;
  /** Told about every task that begins, whatever its kind, in every replay again. It must have no effect on the run. */
  readonly onTask?: ((name: string, reference: string, key: string) => void) | undefined;
  /** Inputs that people put in place of what a task would have got, by the key of the task. */
  readonly editedInputs?: ReadonlyMap<string, Json> | undefined;
}

/** Where the flow goes after a list: on in the list outside, or to the end of the workflow. */
type Flow = 'continue' | 'end';
/** What a list or a composite task gives. */
export interface FlowResult {
  readonly output: Json;
  readonly flow: Flow;
  /** Whether the list was left by `exit`. */
  readonly exited?: boolean;
}
/** What one task gives; `next` is `continue`, `exit`, `end` or the name of a task of the same list. */
export interface TaskResult {
  readonly output: Json;
  readonly next: string;
}
/** What a branch of the flow changes as it goes. The branches of a `fork` each have their own. */
export interface BranchState {
  /** `$context`, as the tasks' `export` left it. */
  context: Json;
}
/** One task that is being run. */
export interface TaskFrame {
  readonly key: string;
  readonly name: string;
  /** JSON pointer of the task in the definition. */
  readonly reference: string;
  readonly input: Json;
  readonly variables: Variables;
  /** Variables that only hold inside a part of the definition: the caught error, by its name. */
  readonly extra: Variables;
  readonly state: BranchState;
}

/** Where a list of tasks stands: its data, how its keys begin, its pointer, and the variables that hold only there. */
export interface ListFrame {
  readonly input: Json;
  readonly scope: Scope;
  readonly reference: string;
  /** Place of the first task in the list of the definition; 0 when left out. */
  readonly offset?: number;
  readonly extra: Variables;
  readonly state: BranchState;
}

/** What a task needs to run tasks of its own. */
export interface TaskRunner {
  readonly parts: InterpreterParts;
  /** What must not stand in errors. */
  readonly hidden: Secrets;
  runList(list: readonly NamedTask[], at: ListFrame): Promise<FlowResult>;
  /** Applies a `from` or `as` to data. */
  transform(rule: Json | undefined, data: Json, variables: Variables): Json;
  /** Runs one task that stands in no list. */
  runTask(named: NamedTask, reference: string, at: Omit<ListFrame, 'reference'>): Promise<TaskResult>;
  /** Variables for an expression at a place where a task stands. */
  variablesAt(frame: TaskFrame, more: Variables): Variables;
}

/** The names that expressions can use. */
export const VARIABLE_NAMES: readonly string[] = [
  'context',
  'input',
  'output',
  'error',
  'authorization',
  'task',
  'workflow',
  'runtime',
];

/** The standard's `configuration` error: the definition asks for something that is not there. */
export function configurationError(detail: string, instance: string): WorkflowError {
  return new WorkflowError({ type: 'configuration', status: 400, title: 'INVALID_DEFINITION', detail, instance });
}
