import { ERRORS, type ErrorCode } from './catalogue.ts';
import type { Json, JsonObject } from '../json/json.ts';
import type { ErrorResponse } from '../http/error-response.ts';

/** What a {@link PlatformError} carries besides its code and message. */
export interface PlatformErrorOptions {
  /** Facts for programs: issues with pointers, limits, who was first. Never a secret. */
  readonly details?: JsonObject;
  readonly cause?: unknown;
}

/** The one error class of the platform: its code says everything else, see {@link ERRORS}. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly code: ErrorCode;
  readonly details: JsonObject | undefined;

  constructor(code: ErrorCode, message: string, options: PlatformErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }

  /** HTTP status of the error. */
  get status(): number {
    return ERRORS[this.code].status;
  }

  /** Whether the same request can succeed later. */
  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  /** The body of the HTTP answer: the sources' fields and an RFC 9457 problem document in one. */
  toResponse(requestId?: string): ErrorResponse {
    const { status, retryable, title, fix } = ERRORS[this.code];
    return {
      error_code: this.code,
      message: this.message,
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(requestId === undefined ? {} : { request_id: requestId }),
      type: `urn:loopwright:error:${this.code.toLowerCase().replaceAll('_', '-')}`,
      title,
      status,
      detail: this.message,
      retryable,
      fix,
    };
  }
}

/** Tells whether a value is a code of the catalogue. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}

/** Details that point to what is wrong in a document: one entry an issue. */
export function issueDetails(issues: readonly { path: readonly PropertyKey[]; message: string }[], prefix = ''): JsonObject {
  const list: Json[] = issues.map((issue) => ({
    pointer: prefix + issue.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    message: issue.message,
  }));
  return { issues: list };
}
