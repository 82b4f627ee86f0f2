/** Files beside the program in a version. */
export const FILES_PER_VERSION = 100;
/** Bytes of all files of a version together, the program not counted. */
export const FILES_LIMIT_BYTES = 64 * 1024 * 1024;
/** How often every pointer is looked at when nobody has said that one has moved, in milliseconds. */
export const POINTER_LOOK_MS = 5000;
/** How long a writer waits for another one, in milliseconds. */
export const LOCK_WAIT_MS = 10_000;
/** How often it looks, in milliseconds. */
export const LOCK_POLL_MS = 3;
