/** The largest body of a request, in bytes. */
export const BODY_LIMIT_BYTES = 1024 * 1024;
/** The largest body of `POST /batch/execute`, in bytes. */
export const BATCH_BODY_LIMIT_BYTES = 64 * 1024 * 1024;
