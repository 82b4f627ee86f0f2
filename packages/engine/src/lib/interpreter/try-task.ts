import { type Duration, endOf } from '../definition/duration.ts';
import type { TaskOf } from '../definition/task.ts';
import type { BranchState, FlowResult, TaskFrame, TaskRunner } from './frame.ts';
import { type TimedRetryPolicy, timedPolicy } from './durations.ts';
import { retryDelayMs } from './backoff.ts';
import { runInTime } from './run-in-time.ts';
import { Scope } from './scope.ts';
import { WorkflowError, isSameErrorType } from './workflow-error.ts';

/** Runs `try`: its list, again as the retry policy says, then `catch.do`. What does not match the filter goes up. */
export async function runTry(interpreter: TaskRunner, task: TaskOf<'try'>, frame: TaskFrame): Promise<FlowResult> {
  const policy = retryPolicy(interpreter, task, frame);
  const startedAt = policy?.duration === undefined ? 0 : await now(interpreter, frame, 'started');
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryOnce(interpreter, task, { frame, attempt, limit: policy?.attempts.duration });
    } catch (thrown) {
      const error = WorkflowError.from(thrown);
      if (!catches(interpreter, task, frame, error)) throw error;
      if (policy !== undefined && (await mayRetry(interpreter, policy, { frame, attempt, error, startedAt }))) {
        const { durable } = interpreter.parts;
        const delay = (from: number): number => retryDelayMs(policy, { attempt, error, random: () => durable.random(), from });
        await durable.sleep({ key: `${frame.key}@retry-${attempt}`, name: frame.name }, delay, 'retry');
        continue;
      }
      if (task.catch.do === undefined) return { output: frame.input, flow: 'continue' };
      return interpreter.runList(task.catch.do, {
        input: frame.input,
        scope: new Scope(`${frame.key}@catch`),
        reference: `${frame.reference}/catch/do`,
        extra: { ...frame.extra, [task.catch.as ?? 'error']: error.toJson(), error: error.toJson() },
        state: frame.state,
      });
    }
  }
}

function tryOnce(
  interpreter: TaskRunner,
  task: TaskOf<'try'>,
  { frame, attempt, limit }: { frame: TaskFrame; attempt: number; limit: Duration | undefined },
): Promise<FlowResult> {
  const key = `${frame.key}@try-${attempt}`;
  const run = (state: BranchState): Promise<FlowResult> =>
    interpreter.runList(task.try, {
      input: frame.input,
      scope: new Scope(key),
      reference: `${frame.reference}/try`,
      extra: frame.extra,
      state,
    });
  if (limit === undefined) return run(frame.state);
  return runInTime(interpreter.parts.durable, { key, name: frame.name }, { limit, state: frame.state, run });
}

function retryPolicy(interpreter: TaskRunner, task: TaskOf<'try'>, frame: TaskFrame): TimedRetryPolicy | undefined {
  const { definition, expressions } = interpreter.parts;
  const { retry } = task.catch;
  const policy = typeof retry === 'string' ? definition.document.use?.retries?.[retry] : retry;
  if (policy === undefined) return undefined;
  return timedPolicy(policy, (expression) => expressions.evaluate(expression, frame.input, frame.variables));
}

function catches(interpreter: TaskRunner, task: TaskOf<'try'>, frame: TaskFrame, error: WorkflowError): boolean {
  const filter = task.catch.errors?.with ?? {};
  const document = error.toJson();
  const matches = Object.entries(filter).every(([name, expected]) => {
    if (name === 'type') return isSameErrorType(error.document.type, String(expected));
    const member = name === 'details' ? 'detail' : name;
    return JSON.stringify(document[member]) === JSON.stringify(name === 'status' ? Number(expected) : expected);
  });
  return matches && conditionsHold(interpreter, task.catch, { frame, error, as: task.catch.as ?? 'error' });
}

function conditionsHold(
  interpreter: TaskRunner,
  conditions: { when?: string | undefined; exceptWhen?: string | undefined },
  { frame, error, as }: { frame: TaskFrame; error: WorkflowError; as: string },
): boolean {
  const { expressions } = interpreter.parts;
  const variables = interpreter.variablesAt(frame, { error: error.toJson(), [as]: error.toJson() });
  if (conditions.when !== undefined && !expressions.holds(conditions.when, frame.input, variables)) return false;
  return conditions.exceptWhen === undefined || !expressions.holds(conditions.exceptWhen, frame.input, variables);
}

async function mayRetry(
  interpreter: TaskRunner,
  policy: TimedRetryPolicy,
  { frame, attempt, error, startedAt }: { frame: TaskFrame; attempt: number; error: WorkflowError; startedAt: number },
): Promise<boolean> {
  if (!conditionsHold(interpreter, policy, { frame, error, as: 'error' })) return false;
  const { attempts, duration } = policy;
  if (attempts.count !== undefined && attempt > attempts.count) return false;
  if (duration === undefined) return attempts.count !== undefined || attempt <= DEFAULT_RETRIES;
  return (await now(interpreter, frame, `failed-${attempt}`)) < endOf(duration, startedAt);
}

/** Retries of a policy that states no limit of its own: everything has a limit. */
const DEFAULT_RETRIES = 10;

function now(interpreter: TaskRunner, frame: TaskFrame, label: string): Promise<number> {
  return interpreter.parts.durable.now({ key: `${frame.key}@${label}`, name: frame.name });
}
