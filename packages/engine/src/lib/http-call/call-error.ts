import { STATUS_CODES } from 'node:http';
import { WorkflowError } from '../interpreter/workflow-error.ts';

/** What was called, as an error may show it: without query, fragment and user information, which may carry secrets. */
export function describeCall(method: string, url: URL): string {
  return `${method} ${url.origin}${url.pathname}`;
}

/** The definition asks for what cannot be done: the standard's `configuration` error. */
export function configurationFailure(detail: string): WorkflowError {
  return new WorkflowError({ type: 'configuration', status: 400, title: 'INVALID_CONFIGURATION', detail });
}

/** The data of the call does not fit: the standard's `validation` error. */
export function validationFailure(detail: string): WorkflowError {
  return new WorkflowError({ type: 'validation', status: 400, title: 'VALIDATION_ERROR', detail });
}

/** A limit of this engine was passed, by the call or by its answer. */
export function limitFailure(detail: string): WorkflowError {
  return new WorkflowError({ type: 'communication', status: 422, title: 'LIMIT_EXCEEDED', detail });
}

/** The server's credentials were refused, or could not be got. */
export function authenticationFailure(detail: string, options?: ErrorOptions): WorkflowError {
  return new WorkflowError({ type: 'authentication', status: 401, title: 'UNAUTHORIZED', detail }, options);
}

/** The server answered with a status that is an error for the definition. */
export function statusFailure(
  call: string,
  status: number,
  { excerpt = '', retryAfterMs }: { excerpt?: string; retryAfterMs?: number | undefined } = {},
): WorkflowError {
  const phrase = STATUS_CODES[status] ?? 'Unknown status';
  const detail = `Cannot call "${call}": the server answered ${status} ${phrase}${excerpt === '' ? '' : `: ${excerpt}`}`;
  const hint = retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs };
  return new WorkflowError({ type: 'communication', status, title: phrase, detail, ...hint });
}

/** What was sent back cannot be read as what it says it is. */
export function contentFailure(call: string, why: string, options?: ErrorOptions): WorkflowError {
  const detail = `Cannot read the answer to "${call}": ${why}`;
  return new WorkflowError({ type: 'communication', status: 502, title: 'Bad Gateway', detail }, options);
}

/**
 * Why no whole answer came. Only codes are shown, because messages of the runtime may quote header values.
 * A call that its step gave up, or that the server left waiting too long, is the standard's `timeout`.
 */
export function connectionFailure(call: string, error: unknown, signal: AbortSignal): WorkflowError {
  if (error instanceof WorkflowError) return error;
  const code = codeOf(error);
  if (signal.aborted || code.endsWith('_TIMEOUT')) {
    const why = signal.aborted ? 'the step ended before the server answered' : code;
    const detail = `Cannot call "${call}": ${why}`;
    return new WorkflowError({ type: 'timeout', status: 408, title: 'STEP_TIMEOUT', detail }, { cause: error });
  }
  return new WorkflowError(
    { type: 'communication', status: 503, title: 'SERVICE_UNAVAILABLE', detail: `Cannot call "${call}": ${code}` },
    { cause: error },
  );
}

function codeOf(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    const inner = current instanceof AggregateError ? current.errors[0] : undefined;
    for (const candidate of [current, inner]) {
      if (candidate instanceof Error && 'code' in candidate && typeof candidate.code === 'string') return candidate.code;
    }
  }
  return 'the connection failed';
}
