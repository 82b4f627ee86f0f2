/** Streams of records that are open at once; they are for operators. */
export const TAILS_AT_ONCE = 8;
/** An idle stream has an empty line this often, in milliseconds, so that both sides notice when the other one is gone. */
export const TAIL_HEARTBEAT_MS = 15_000;
/** Who takes nothing of a stream for so long, in milliseconds, is gone. */
export const TAIL_STALL_MS = 60_000;
/** Characters of the records that a stream begins with, at the most. */
export const TAIL_LAST_CHARACTERS = 16 * 1024 * 1024;
/** The largest body of a request, in bytes. */
export const BODY_LIMIT_BYTES = 1024 * 1024;
/** The largest body of `POST /batch/execute`, in bytes. */
export const BATCH_BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** The largest body of `POST /api/v1/batch/validate`, in bytes. */
export const VALIDATE_BODY_LIMIT_BYTES = 8 * 1024 * 1024;
/** For how long outputs are compared before requests have their turn, in milliseconds. */
export const TURN_MS = 5;
