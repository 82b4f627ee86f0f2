import { type Json, type JsonObject, PlatformError, messageOf } from '@loopwright/protocol';
import { ERROR_LIMIT_CHARACTERS } from '../limits.ts';

const STANDARD_PREFIX = 'https://serverlessworkflow.io/spec/1.0.0/errors/';
/** What the standard's conformance kit writes for the same types. */
const KIT_PREFIX = 'https://serverlessworkflow.io/dsl/errors/types/';

/** Whether two error types are the same one; the two prefixes that the standard's own documents use mean the same. */
export function isSameErrorType(left: string, right: string): boolean {
  return left.replace(KIT_PREFIX, STANDARD_PREFIX) === right.replace(KIT_PREFIX, STANDARD_PREFIX);
}

/** The standard's error types, by their last part. */
export type StandardErrorType =
  | 'configuration'
  | 'validation'
  | 'expression'
  | 'authentication'
  | 'authorization'
  | 'timeout'
  | 'communication'
  | 'runtime';

/** What an error says: an RFC 9457 problem, as the DSL defines it. */
export interface ErrorDocument {
  readonly type: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** JSON pointer of the task that failed. */
  readonly instance?: string;
  /** When the other side wants to be asked again, in milliseconds from then; a retry waits at least so long. */
  readonly retry_after_ms?: number;
}

/** An error inside an execution: raised by a task, caught by `try`, or ending the execution. */
export class WorkflowError extends Error {
  override readonly name = 'WorkflowError';
  readonly document: ErrorDocument;

  constructor(document: Omit<ErrorDocument, 'type'> & { type: StandardErrorType | (string & {}) }, options?: ErrorOptions) {
    const { detail: whole } = document;
    const detail = whole.length > ERROR_LIMIT_CHARACTERS ? `${whole.slice(0, ERROR_LIMIT_CHARACTERS - 1)}…` : whole;
    super(detail, options);
    this.document = { ...document, detail, type: document.type.includes(':') ? document.type : STANDARD_PREFIX + document.type };
  }

  /** The same error, saying which task it comes from unless it already does. */
  at(instance: string): WorkflowError {
    return this.document.instance === undefined ? new WorkflowError({ ...this.document, instance }, { cause: this.cause }) : this;
  }

  toJson(): JsonObject {
    return { ...this.document };
  }

  /** Takes whatever a step threw. A `PlatformError` keeps its code as the title, so that a `catch` can filter by it. */
  static from(error: unknown): WorkflowError {
    if (error instanceof WorkflowError) return error;
    if (error instanceof PlatformError) {
      return new WorkflowError(
        {
          type: error.code === 'LIMIT_EXCEEDED' ? 'runtime' : typeOf(error.status),
          status: error.status,
          title: error.code,
          detail: error.message,
        },
        { cause: error },
      );
    }
    return new WorkflowError(
      { type: 'runtime', status: 500, title: 'INTERNAL_ERROR', detail: messageOf(error) },
      { cause: error },
    );
  }

  /** Reads back what {@link toJson} wrote. */
  static fromJson(value: Json): WorkflowError {
    const { type, status, title, detail, instance, retry_after_ms } = value as unknown as ErrorDocument;
    return new WorkflowError({
      type,
      status,
      title,
      detail,
      ...(instance === undefined ? {} : { instance }),
      ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
    });
  }
}

function typeOf(status: number): StandardErrorType {
  if (status === 401) return 'authentication';
  if (status === 403) return 'authorization';
  if (status === 408 || status === 504) return 'timeout';
  if (status === 502 || status === 503) return 'communication';
  return status >= 400 && status < 500 ? 'validation' : 'runtime';
}
