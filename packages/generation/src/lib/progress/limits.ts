/** The largest event that is read from a service, in characters. */
export const EVENT_LIMIT_CHARACTERS: number = 256 * 1024;

/** The most events of one execution that are passed on. */
export const EVENT_COUNT_LIMIT = 10_000;

/** How often in a row a stream of events is asked for in vain before it is given up. */
export const STREAM_ATTEMPT_LIMIT = 5;

/** The shortest and the longest wait before a stream is asked for again, in milliseconds. */
export const STREAM_DELAY_MINIMUM_MS = 20;
export const STREAM_DELAY_LIMIT_MS = 10_000;
