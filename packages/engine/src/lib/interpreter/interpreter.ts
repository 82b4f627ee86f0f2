import type { Json, JsonObject } from '@loopwright/protocol';
import { pointerPart } from '../definition/json-pointer.ts';
import { type Duration, lengthOf } from '../definition/duration.ts';
import type { NamedTask, Task } from '../definition/task.ts';
import type { Variables } from '../expression/expression.ts';
import {
  type BranchState,
  type FlowResult,
  type InterpreterParts,
  type ListFrame,
  type TaskFrame,
  type TaskResult,
  type TaskRunner,
  configurationError,
} from './frame.ts';
import { Secrets } from '../secret/secrets.ts';
import { authorizationOf } from './authorization.ts';
import { durationOf } from './durations.ts';
import { runExtended } from './extended-task.ts';
import { Scope, TaskBudget } from './scope.ts';
import { runInTime } from './run-in-time.ts';
import { dateTime, looksOf } from './task-arguments.ts';
import { runKind } from './task-kinds.ts';
import { WorkflowError } from './workflow-error.ts';

/**
 * Runs a definition against a durable context: the only interpreter there is, whatever engine carries it. All its state
 * is made anew in each replay; what happens outside goes through the context.
 */
export class Interpreter implements TaskRunner {
  readonly parts: InterpreterParts;
  readonly hidden: Secrets;
  readonly #budget = new TaskBudget();
  readonly #workflow: JsonObject;
  readonly #looks: ReturnType<typeof looksOf>;

  constructor(parts: InterpreterParts) {
    this.parts = parts;
    this.hidden = parts.secrets ?? new Secrets({});
    const { definition, info, input } = parts;
    this.#looks = looksOf(definition);
    this.#workflow = {
      id: info.executionId,
      definition: definition.source,
      input,
      startedAt: dateTime(info.startedAt),
    };
  }

  /** Runs the workflow to its end; gives its output or throws the `WorkflowError` that nobody caught. */
  async run(): Promise<Json> {
    try {
      return await this.#runWorkflow();
    } catch (error) {
      throw this.#shown(error);
    }
  }

  async #runWorkflow(): Promise<Json> {
    const { document } = this.parts.definition;
    const { schemas, input: raw } = this.parts;
    const state: BranchState = { context: null };
    schemas.check(document.input?.schema, raw, 'input of the workflow');
    const input = this.#applied(document.input?.from, raw, () => this.#variables(state, { input: raw }));
    const body = (): Promise<FlowResult> =>
      this.runList(document.do, { input, scope: new Scope(), reference: '/do', extra: {}, state });
    const limit = this.#timeLimit(document.timeout, input, this.#variables(state, { input }));
    const address = { key: '', name: 'workflow' };
    const { output: last } =
      limit === undefined ? await body() : await this.parts.durable.deadline(address, lengthOf(limit), body);
    const output = this.#applied(document.output?.as, last, () => this.#variables(state, { input, output: last }));
    schemas.check(document.output?.schema, output, 'output of the workflow');
    return output;
  }

  /** Runs the tasks of a list one after the other, following `then`. */
  async runList(list: readonly NamedTask[], at: ListFrame): Promise<FlowResult> {
    let data = at.input;
    let index = 0;
    for (let named = list[0]; named !== undefined; named = list[index]) {
      const reference = `${at.reference}/${index + (at.offset ?? 0)}/${pointerPart(named.name)}`;
      const { output, next } = await this.runTask(named, reference, { ...at, input: data });
      data = output;
      if (next === 'end') return { output: data, flow: 'end' };
      if (next === 'exit') return { output: data, flow: 'continue', exited: true };
      index = next === 'continue' ? index + 1 : list.findIndex(({ name }) => name === next);
      if (index === -1)
        throw configurationError(`Cannot go to the task "${next}": there is none of that name in this list`, at.reference);
    }
    return { output: data, flow: 'continue' };
  }

  async runTask(named: NamedTask, reference: string, given: Omit<ListFrame, 'reference'>): Promise<TaskResult> {
    const { name, task, definition } = named;
    this.#budget.spend();
    const key = given.scope.visit(name);
    const edited = this.parts.editedInputs?.get(key);
    const at = edited === undefined ? given : { ...given, input: edited };
    try {
      const started = this.#looks.atStart ? { startedAt: dateTime(await this.#startOf(key, name)) } : {};
      const descriptor = { name, reference, definition, input: at.input, ...started };
      // Inside an extension `$task` is the task that is extended: it comes with what holds there.
      const base: Record<string, Json> = { task: descriptor, ...at.extra };
      if (
        task.if !== undefined &&
        !this.parts.expressions.holds(task.if, at.input, this.#variables(at.state, { ...base, input: at.input }))
      ) {
        return { output: at.input, next: 'continue' };
      }
      this.parts.onTask?.(name, reference, key);
      this.parts.schemas.check(task.input?.schema, at.input, `input of the task "${name}"`);
      const input = this.#applied(task.input?.from, at.input, () => this.#variables(at.state, { ...base, input: at.input }));
      const place = { key, name, reference, input, extra: at.extra, state: at.state };
      const plain: TaskFrame = { ...place, variables: this.#variables(at.state, { ...base, input }) };
      if (this.#looks.atAuthorization) base['authorization'] = await authorizationOf(this, task, plain);
      const frame = this.#looks.atAuthorization ? { ...place, variables: this.#variables(at.state, { ...base, input }) } : plain;
      const raw = await runExtended(this, named, frame, () => this.#withinTimeout(task, frame));
      if (base['task'] === descriptor) base['task'] = { ...descriptor, output: raw.output };
      const output = this.#applied(task.output?.as, raw.output, () =>
        this.#variables(at.state, { ...base, input, output: raw.output }),
      );
      this.parts.schemas.check(task.output?.schema, output, `output of the task "${name}"`);
      if (task.export?.as !== undefined) {
        const exported = this.transform(task.export.as, output, this.#variables(at.state, { ...base, input, output }));
        this.parts.schemas.check(task.export.schema, exported, `export of the task "${name}"`);
        at.state.context = exported;
      }
      return { output, next: raw.next };
    } catch (error) {
      throw this.#shown(error).at(reference);
    }
  }

  #startOf(key: string, name: string): Promise<number> {
    return this.parts.durable.now({ key: `${key}@began`, name });
  }

  #withinTimeout(task: Task, frame: TaskFrame): Promise<TaskResult> {
    const limit = this.#timeLimit(task.timeout, frame.input, frame.variables);
    if (limit === undefined) return runKind(this, task, frame);
    const run = (state: BranchState): Promise<TaskResult> => runKind(this, task, { ...frame, state });
    return runInTime(this.parts.durable, { key: frame.key, name: frame.name }, { limit, state: frame.state, run });
  }

  /** How long a time-out lets something take, by value or by the name that `use.timeouts` has it under. */
  #timeLimit(timeout: Task['timeout'], data: Json, variables: Variables): Duration | undefined {
    const { definition, expressions } = this.parts;
    const { after } = (typeof timeout === 'string' ? definition.document.use?.timeouts?.[timeout] : timeout) ?? {};
    return after === undefined ? undefined : durationOf(after, (expression) => expressions.evaluate(expression, data, variables));
  }

  /** Applies a `from` or `as`: a text is an expression, with or without `${ }`; another value may have expressions inside. */
  transform(rule: Json | undefined, data: Json, variables: Variables): Json {
    if (rule === undefined) return data;
    if (typeof rule === 'string') return this.parts.expressions.evaluate(rule, data, variables);
    return this.parts.expressions.resolve(rule, data, variables);
  }

  /** Applies a rule where there is one: most tasks have none, and need no variables for it. */
  #applied(rule: Json | undefined, data: Json, variables: () => Variables): Json {
    return rule === undefined ? data : this.transform(rule, data, variables());
  }

  variablesAt({ variables, state }: TaskFrame, more: Variables): Variables {
    return { ...variables, context: state.context, ...more };
  }

  /** An error as it may be recorded: without the values of secrets. */
  #shown(error: unknown): WorkflowError {
    return this.hidden.redact(WorkflowError.from(error));
  }

  #variables(state: BranchState, known: Variables): Variables {
    return {
      input: null,
      output: null,
      error: null,
      authorization: null,
      task: null,
      ...known,
      context: state.context,
      workflow: this.#workflow,
      runtime: RUNTIME,
      ...(this.parts.secrets === undefined ? {} : { secrets: this.parts.secrets.values }),
    };
  }
}

/** `$runtime` of the standard. */
const RUNTIME: JsonObject = { name: 'loopwright', version: '0.1.0', metadata: {} };
