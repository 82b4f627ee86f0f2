// B1. While it is OPEN nothing is admitted before `openMs` have passed.
// B2. In HALF_OPEN there is one probe at a time.
// B3. What was admitted before the state last changed its kind says nothing about it any more.

/** When a breaker opens and closes. */
export interface BreakerConfig {
  /** Failures in a row that open it. @default 5 */
  readonly failureThreshold: number;
  /** Successes in a row that close it again, one probe after the other. @default 3 */
  readonly successThreshold: number;
  /** Time for which it stays open before it lets a probe through, in milliseconds. @default 60 000 */
  readonly openMs: number;
  /** Failures and requests are counted by windows of this length, in milliseconds; `Infinity` counts all since the last success. @default 60 000 */
  readonly windowMs: number;
  /** Requests of the window below which it does not open. @default 10 */
  readonly minimumRequests: number;
}

/** The source's figures for channels. */
export const CHANNEL_BREAKER: BreakerConfig = {
  failureThreshold: 5,
  successThreshold: 3,
  openMs: 60_000,
  windowMs: 60_000,
  minimumRequests: 10,
};

/** How a request that was admitted ended. `neither` says nothing about the other side: the caller gave it up, or it never went there. */
export type BreakerOutcome = 'success' | 'failure' | 'neither';

/** A breaker as a value. `epoch` grows with each change of the kind. */
export type BreakerState =
  | {
      readonly kind: 'CLOSED';
      readonly epoch: number;
      readonly failures: number;
      readonly requests: number;
      readonly windowFrom: number;
    }
  | { readonly kind: 'OPEN'; readonly epoch: number; readonly until: number }
  | { readonly kind: 'HALF_OPEN'; readonly epoch: number; readonly successes: number; readonly isProbing: boolean };

/** A breaker that nothing has happened to. */
export function closedBreaker(now: number, epoch = 0): BreakerState {
  return { kind: 'CLOSED', epoch, failures: 0, requests: 0, windowFrom: now };
}

/** Asks to let a request through. */
export function admit(state: BreakerState, now: number): { readonly state: BreakerState; readonly isAdmitted: boolean } {
  if (state.kind === 'CLOSED') return { state, isAdmitted: true };
  if (state.kind === 'OPEN') {
    if (now < state.until) return { state, isAdmitted: false };
    return { state: { kind: 'HALF_OPEN', epoch: state.epoch + 1, successes: 0, isProbing: true }, isAdmitted: true };
  }
  return state.isProbing ? { state, isAdmitted: false } : { state: { ...state, isProbing: true }, isAdmitted: true };
}

/** Takes the end of a request that was admitted in `epoch`. */
export function settle(
  state: BreakerState,
  { epoch, outcome }: { readonly epoch: number; readonly outcome: BreakerOutcome },
  now: number,
  config: BreakerConfig,
): BreakerState {
  if (epoch !== state.epoch || state.kind === 'OPEN') return state;
  const opened: BreakerState = { kind: 'OPEN', epoch: state.epoch + 1, until: now + config.openMs };
  if (state.kind === 'HALF_OPEN') {
    if (outcome === 'neither') return { ...state, isProbing: false };
    if (outcome === 'failure') return opened;
    const successes = state.successes + 1;
    return successes >= config.successThreshold ? closedBreaker(now, state.epoch + 1) : { ...state, successes, isProbing: false };
  }
  if (outcome === 'neither') return state;
  const window = now - state.windowFrom >= config.windowMs ? { failures: 0, requests: 0, windowFrom: now } : state;
  const failures = outcome === 'failure' ? window.failures + 1 : 0;
  const requests = window.requests + 1;
  if (failures >= config.failureThreshold && requests >= config.minimumRequests) return opened;
  return { kind: 'CLOSED', epoch: state.epoch, failures, requests, windowFrom: window.windowFrom };
}
