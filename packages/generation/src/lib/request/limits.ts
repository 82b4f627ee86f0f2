/** The largest answer that the client reads: 64 MiB of artifacts, written as JSON, and what is told about them. */
export const ANSWER_LIMIT_BYTES: number = 160 * 1024 * 1024;

/** How much of an error answer is read and kept in messages, in bytes and in characters. */
export const ERROR_BODY_LIMIT_BYTES: number = 64 * 1024;
export const ERROR_TEXT_LIMIT = 500;

/** Time limit of `/health` and `/stats`, which answer at once or not at all, in milliseconds. */
export const STATUS_TIMEOUT_MS = 10_000;

/** The longest time that a `Retry-After` of the service can make the client wait, in milliseconds. */
export const RETRY_AFTER_LIMIT_MS = 120_000;

/** The most attempts that a client can be told to make. */
export const ATTEMPT_LIMIT = 20;
