/** The largest body of a request, in bytes. */
export const BODY_LIMIT_BYTES = 1024 * 1024;
/** The largest body of `POST /batch/execute`, in bytes. */
export const BATCH_BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** The largest body of `POST /api/v1/batch/validate`, in bytes. */
export const VALIDATE_BODY_LIMIT_BYTES = 8 * 1024 * 1024;
/** For how long outputs are compared before requests have their turn, in milliseconds. */
export const TURN_MS = 5;
