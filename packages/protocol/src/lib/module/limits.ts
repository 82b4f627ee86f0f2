/** The longest first line (the init object), in bytes. */
export const MODULE_INIT_LIMIT_BYTES = 1024 * 1024;

/** The longest line after the first that either side accepts, in bytes: a body of 2 MiB as the array of numbers that the source writes. */
export const MODULE_LINE_LIMIT_BYTES = 8 * 1024 * 1024;

/** How deep a message may be nested; the table of messages itself needs four. */
export const MODULE_DEPTH_LIMIT = 64;

/** Messages a second that one side reads of the other; what comes faster waits in the pipe. */
export const MODULE_MESSAGES_PER_SECOND = 100_000;

/** Bytes of a body in one message. Longer bodies are streamed in pieces of this size. */
export const HTTP_CHUNK_BYTES = 64 * 1024;

/** Bytes of a streamed body that may be under way before its reader has asked for more. */
export const HTTP_WINDOW_BYTES = 10 * HTTP_CHUNK_BYTES;
