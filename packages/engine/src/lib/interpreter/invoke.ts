import { type Json, issueDetails, toJson } from '@loopwright/protocol';
import { isInCatalogued } from '../catalogue/function-reference.ts';
import type { StepAddress, StepAttempt } from '../context/durable-context.ts';
import type { CallFunction, Credentials } from './call-function.ts';
import type { TaskFrame, TaskRunner } from './frame.ts';
import { WorkflowError } from './workflow-error.ts';

/** Calls a function with arguments that were evaluated, for the task of a frame. */
export function invoke(
  interpreter: TaskRunner,
  { name, called, args }: { name: string; called: CallFunction; args: Json },
  frame: TaskFrame,
): Promise<Json> {
  const { durable, info } = interpreter.parts;
  const parsed = called.arguments.safeParse(args);
  if (!parsed.success) {
    const issues = JSON.stringify(issueDetails(parsed.error.issues, '/with')['issues']);
    throw new WorkflowError({
      type: 'validation',
      status: 400,
      title: 'VALIDATION_ERROR',
      detail: `Cannot call "${name}": its arguments are wrong: ${issues}`,
    });
  }
  const address = (label?: string): StepAddress => ({
    key: label === undefined ? frame.key : `${frame.key}/${label}`,
    name: frame.name,
    call: name,
  });
  return called.run({
    args: parsed.data,
    input: frame.input,
    execution: info,
    taskName: frame.name,
    credentials: credentialsOf(interpreter, frame),
    step: (run, label) => durable.step(address(label), (attempt) => withoutSecrets(interpreter, run, attempt)),
    emit: (event, label) => durable.emit(address(label), event),
    ask: (request, label) => durable.ask(address(label), request),
  });
}

/** How a task of the definition shows who it is. */
export function credentialsOf({ parts }: TaskRunner, { input, variables, reference }: TaskFrame): Credentials {
  const { authentications = {}, functions } = parts.definition.document.use ?? {};
  // A function of a catalogue may make the name of a policy by an expression, which no check at load sees.
  if (isInCatalogued(reference, functions)) return { authentication: () => undefined, secret: () => undefined };
  return {
    authentication: (name) =>
      Object.hasOwn(authentications, name)
        ? parts.expressions.resolve(toJson(authentications[name]), input, variables)
        : undefined,
    secret: (name) => parts.secrets?.values[name],
  };
}

/** The error of a step is recorded as it is thrown, so the secrets must be taken out of it before. */
export async function withoutSecrets(
  { hidden }: Pick<TaskRunner, 'hidden'>,
  run: (attempt: StepAttempt) => Promise<Json>,
  attempt: StepAttempt,
): Promise<Json> {
  try {
    return await run(attempt);
  } catch (error) {
    throw hidden.redact(WorkflowError.from(error));
  }
}
