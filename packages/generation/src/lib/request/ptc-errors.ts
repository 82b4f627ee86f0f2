import { type ErrorCode, PlatformError, type PlatformErrorOptions } from '@loopwright/protocol';

/** A call of the generation service that gave no result. Its code is one of the platform's catalogue. */
export class PtcClientError extends PlatformError {
  readonly #retryable: boolean | undefined;

  constructor(code: ErrorCode, message: string, options: PlatformErrorOptions & { readonly retryable?: boolean } = {}) {
    super(code, message, options);
    this.#retryable = options.retryable;
  }

  /** Whether the same call can succeed later: what is known of this failure, else what the catalogue says of its code. */
  override get retryable(): boolean {
    return this.#retryable ?? super.retryable;
  }
}

/** The service did not answer within the client's time-out. Never sent again by the client: the work may still be under way. */
export class PtcTimeoutError extends PtcClientError {
  constructor(timeoutMs: number, options: PlatformErrorOptions = {}) {
    super('STEP_TIMEOUT', `Cannot get a result from the generation service: no answer within ${timeoutMs} ms`, {
      ...options,
      retryable: false,
    });
  }
}

/** The service answered with an error, or with something that is no result. */
export class PtcServiceError extends PtcClientError {
  /** HTTP status of the answer. `status`, as on every `PlatformError`, is the status of the code instead. */
  readonly serviceStatus: number;
  /** How long the service asked to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: PlatformErrorOptions & {
      readonly retryable: boolean;
      readonly serviceStatus: number;
      readonly retryAfterMs?: number | undefined;
    },
  ) {
    super(code, message, options);
    this.serviceStatus = options.serviceStatus;
    this.retryAfterMs = options.retryAfterMs;
  }
}
