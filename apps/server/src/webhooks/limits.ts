/** How many subscriptions there may be: each event is compared with each of them. */
export const WEBHOOK_LIMIT = 200;
/** Deliveries of one subscription that wait; then its receiver is given up. */
export const PENDING_LIMIT = 100_000;
/** Requests to one host at the same time, and to all. */
export const REQUESTS_A_HOST = 4;
export const REQUESTS = 64;
