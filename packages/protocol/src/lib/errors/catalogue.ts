import { ROLLOUT_ERRORS } from './rollout-errors.ts';
import { RUN_ERRORS } from './run-errors.ts';
import { IDENTITY_ERRORS } from './identity-errors.ts';
import { MODULE_ERRORS } from './module-errors.ts';
import { AGENT_ERRORS } from './agent-errors.ts';
import { WATCHING_ERRORS } from './watching-errors.ts';
import type { ErrorDefinition } from './error-definition.ts';

const define = <Code extends string>(catalogue: Record<Code, ErrorDefinition>): Readonly<Record<Code, ErrorDefinition>> =>
  Object.freeze(catalogue);

/** Every error that a Loopwright process reports, by its code. `docs/errors.md` is written from this table. */
export const ERRORS = define({
  VALIDATION_ERROR: {
    status: 400,
    retryable: false,
    title: 'The request is not valid',
    fix: 'Correct the fields that `details.issues` points to',
  },
  INVALID_STATUS: {
    status: 400,
    retryable: false,
    title: 'The status filter is unknown',
    fix: 'Use one of the statuses that `details.allowed` lists',
  },
  INVALID_DEFINITION: {
    status: 400,
    retryable: false,
    title: 'The workflow definition is not valid',
    fix: 'Correct what each entry of `details.issues` points to',
  },
  INVALID_EXAMPLES: {
    status: 400,
    retryable: false,
    title: 'The examples cannot be used',
    fix: 'Correct the line that `details.line` names; each line needs an `input` and an `output`',
  },
  INVALID_ANSWER: {
    status: 400,
    retryable: false,
    title: 'The answer does not fit the question',
    fix: 'Answer every required question with a value of its kind; `details.issues` names them',
  },
  INVALID_PROGRAM: {
    status: 400,
    retryable: false,
    title: 'The program cannot be built',
    fix: 'Correct the source: one exported function `run`, no imports (in Python: one function `run` of one argument, the standard library only)',
  },
  INVALID_CONFIGURATION: {
    status: 400,
    retryable: false,
    title: 'The configuration is not valid',
    fix: 'Correct or remove the named setting; `--print-config` shows what is in effect',
  },
  NOT_FOUND: { status: 404, retryable: false, title: 'There is no such route', fix: 'See /docs for the routes' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    retryable: false,
    title: 'The route does not take this method',
    fix: 'Use one of the methods that the header `Allow` and `details.allowed` list',
  },
  WORKFLOW_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such workflow',
    fix: 'List the workflows with GET /api/v1/workflows',
  },
  EXECUTION_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such execution',
    fix: 'List the executions with GET /api/v1/executions',
  },
  STEP_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such step',
    fix: 'Use the name of a task of the workflow that asks people',
  },
  TASK_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such human task',
    fix: 'List the human tasks with GET /api/v1/tasks',
  },
  WEBHOOK_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such webhook',
    fix: 'List the webhooks with GET /api/v1/webhooks',
  },
  UNKNOWN_EVENT_TYPE: {
    status: 422,
    retryable: false,
    title: 'There is no such type of event',
    fix: 'Use the types that `details.known` lists, or beginnings of them and a `*`; `details.issues` points to what is none',
  },
  DELIVERY_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such delivery',
    fix: 'List the deliveries with GET /api/v1/webhooks/{id}/deliveries',
  },
  EXAMPLES_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such set of examples',
    fix: 'Upload the examples with POST /api/v1/examples and use the digest that it returns',
  },
  PROGRAM_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such program',
    fix: 'List the programs with GET /api/v1/programs',
  },
  ARTIFACT_NOT_FOUND: {
    status: 404,
    retryable: false,
    title: 'There is no such version of the program',
    fix: 'List the versions of the program and name one of them',
  },
  NO_ACTIVE_VERSION: {
    status: 409,
    retryable: false,
    title: 'The program has no active version',
    fix: 'Promote a version of the program first',
  },
  INVALID_STATE: {
    status: 409,
    retryable: false,
    title: 'The state does not allow this',
    fix: 'Read the current state and act on it',
  },
  CONFLICT: { status: 409, retryable: false, title: 'Somebody else was first', fix: 'Read the current state and decide again' },
  IDEMPOTENCY_CONFLICT: {
    status: 422,
    retryable: false,
    title: 'The idempotency key was used for another request',
    fix: 'Use a new Idempotency-Key for a new request',
  },
  BUDGET_REACHED: {
    status: 409,
    retryable: false,
    title: 'The budget of the execution is used up',
    fix: 'Add to it with POST /api/v1/executions/{id}/budget; `details.reached` names the kind',
  },
  ALIAS_MOVED: {
    status: 409,
    retryable: false,
    title: 'The alias points to another version by now',
    fix: 'Read the alias and decide again',
  },
  DATA_DIR_IN_USE: {
    status: 409,
    retryable: true,
    title: 'Another process uses the data folder',
    fix: 'Stop the other process or choose another folder with --data-dir',
  },
  PRECONDITION_FAILED: {
    status: 412,
    retryable: false,
    title: 'It is not any more what the request was made for',
    fix: 'Read it again, look at `details.current`, and decide again with its ETag in `If-Match`',
  },
  PRECONDITION_REQUIRED: {
    status: 428,
    retryable: false,
    title: 'The request must say what it was made for',
    fix: 'Read it first and send its ETag in `If-Match`',
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    retryable: false,
    title: 'The request is too large',
    fix: 'Send less at once; `details.limit_bytes` is the limit',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    retryable: false,
    title: 'The content type is not supported',
    fix: 'Send one of the types that `details.supported` lists',
  },
  INDUCTION_REFUSED: {
    status: 422,
    retryable: false,
    title: 'No program can be learned from these examples',
    fix: 'Change the examples as the message says',
  },
  GENERATION_FAILED: {
    status: 422,
    retryable: false,
    title: 'The generation service gave no usable program',
    fix: 'Read the message and the test results, then change the task or the examples',
  },
  PROGRAM_FAILED: {
    status: 422,
    retryable: false,
    title: 'The program failed on this input',
    fix: 'Look at the execution record; correct the input or the program',
  },
  LIMIT_EXCEEDED: {
    status: 422,
    retryable: false,
    title: 'A limit is reached',
    fix: 'Make the work smaller, or raise the limit that `details.limit` names',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    retryable: false,
    title: 'The headers of the request are too large',
    fix: 'Send shorter headers and a shorter URL; together they may have 16 KiB',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    retryable: true,
    title: 'The request came too slowly',
    fix: 'Send the whole request at once, or check the connection',
  },
  RATE_LIMITED: { status: 429, retryable: true, title: 'There are too many requests', fix: 'Wait for Retry-After seconds' },
  QUOTA_REACHED: {
    status: 429,
    retryable: true,
    title: 'The quota of the day is used up',
    fix: 'Wait for Retry-After seconds, or ask an administrator for more',
  },
  INTERNAL_ERROR: {
    status: 500,
    retryable: true,
    title: 'The server failed',
    fix: 'Report the request id; the log holds the cause',
  },
  STORE_FAILED: {
    status: 503,
    retryable: true,
    title: 'The data cannot be written',
    fix: 'Check the space and the permissions of the data folder',
  },
  SERVICE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    title: 'A part of the platform is not available',
    fix: 'Look at /health; the supervisor restarts what has stopped',
  },
  JAIL_REQUIRED: {
    status: 503,
    retryable: false,
    title: 'Programs are not run without a jail of the operating system',
    fix: 'Install bubblewrap (see `sandbox.walls` in /health of the edge), or set `sandbox_jail` to `preferred`',
  },
  ...RUN_ERRORS,
  ...ROLLOUT_ERRORS,
  ...IDENTITY_ERRORS,
  ...AGENT_ERRORS,
  ...MODULE_ERRORS,
  ...WATCHING_ERRORS,
  OVERLOADED: { status: 503, retryable: true, title: 'The queue is full', fix: 'Wait and send the request again' },
  STEP_TIMEOUT: {
    status: 504,
    retryable: true,
    title: 'The step took longer than it may',
    fix: 'Raise the time-out of the task or make its work smaller',
  },
});

/** The code of an error of the catalogue. */
export type ErrorCode = keyof typeof ERRORS;
