// Q1. A request that was not given to a module is given to its next run; one that was is given again only when it may be done twice and the run is gone.
// Q2. All of a request, with its waiting, ends within its time.
import { isIdempotent, type RoutedRequest, wasNotSent } from '@loopwright/module-sdk';
import { type Clock, PlatformError } from '@loopwright/protocol';
import { checkRoute } from '../permissions/module-permissions.ts';
import type { ModuleRun } from '../run/module-run.ts';
import type { RequestEnd } from '../sla/module-figures.ts';
import type { SupervisedModule } from '../supervised-module.ts';

type Answer = Awaited<ReturnType<NonNullable<ModuleRun['http']>['request']>>;

const TIMEOUT_MS = 30_000;
/** Runs that a request is given to. */
const ATTEMPTS = 3;

/**
 * Sends a request to whichever run of a module serves, and waits for one while it is being started or replaced.
 *
 * @throws `FORBIDDEN` for a route that is not open, `SERVICE_UNAVAILABLE` when no run takes it, and what the ways of the request throw.
 */
export async function askModule(
  module: SupervisedModule,
  request: RoutedRequest,
  { clock, patienceMs }: { readonly clock: Clock; readonly patienceMs: number },
): Promise<Answer> {
  const { spec } = module;
  checkRoute(spec.id, spec.permissions ?? {}, request);
  const timeoutMs = request.timeoutMs ?? spec.requestTimeoutMs ?? TIMEOUT_MS;
  const deadline = clock.now() + timeoutMs;
  const release = module.holdRequest();
  const began = clock.now();
  const settle = (end: RequestEnd): void =>
    module.sla.figures.add(end, { tookMs: clock.now() - began, backlog: module.requestsInFlight });
  try {
    for (let attempt = 1; ; attempt += 1) {
      const waitMs = Math.min(patienceMs, deadline - clock.now());
      const run = await nextTaker(module, { clock, waitMs, signal: request.signal });
      const { http } = run;
      if (http === undefined) throw unavailable(module);
      try {
        const answer = await http.request({ ...request, timeoutMs: Math.max(1, deadline - clock.now()) });
        settle(answer.status >= 500 ? 'failed' : 'answered');
        return answer;
      } catch (error) {
        const isOver = request.signal?.aborted === true || clock.now() >= deadline || attempt === ATTEMPTS;
        if (isOver || !mayGoOn(error, request, { run, module })) throw error;
      }
    }
  } catch (error) {
    // Who gave it up says nothing of the module.
    if (request.signal?.aborted !== true) settle(isLost(error) ? 'lost' : 'failed');
    throw error;
  } finally {
    release();
  }
}

/** Whether nobody took it, or the way to who did broke. */
function isLost(error: unknown): boolean {
  return error instanceof PlatformError && (error.code === 'SERVICE_UNAVAILABLE' || error.code === 'MODULE_PROTOCOL_ERROR');
}

function mayGoOn(error: unknown, request: RoutedRequest, { run, module }: { run: ModuleRun; module: SupervisedModule }): boolean {
  if (request.body instanceof ReadableStream && request.body.locked) return false;
  // The same run would say the same.
  if (module.taker === run) return false;
  if (wasNotSent(error)) return true;
  const isGone = error instanceof PlatformError && error.code === 'SERVICE_UNAVAILABLE';
  return isGone && isIdempotent(request) && !(request.body instanceof ReadableStream);
}

/** The run that takes requests now or, when there will be one, then. */
function nextTaker(
  module: SupervisedModule,
  { clock, waitMs, signal }: { clock: Clock; waitMs: number; signal: AbortSignal | undefined },
): Promise<ModuleRun> {
  return new Promise((resolve, reject) => {
    const settle = (expired: boolean): boolean => {
      const { taker } = module;
      if (signal?.aborted === true) reject(signal.reason);
      else if (taker !== undefined && taker !== 'coming') resolve(taker);
      else if (expired || taker === undefined) reject(unavailable(module));
      else return false;
      return true;
    };
    if (settle(waitMs <= 0)) return;
    const finish = (expired: boolean): void => {
      if (!settle(expired)) return;
      cancel();
      unwatch();
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => finish(false);
    const cancel = clock.schedule(waitMs, () => finish(true));
    const unwatch = module.watch(() => finish(false));
    signal?.addEventListener('abort', onAbort);
  });
}

/** Why a module cannot be asked now. */
export function unavailable(module: SupervisedModule): PlatformError {
  const { id, status, last_exit: exit } = module.state();
  const why = exit === null ? '' : `, last because ${exit.reason}`;
  return new PlatformError('SERVICE_UNAVAILABLE', `Cannot reach the module "${id}": it is ${status}${why}`, {
    details: { module: id, status, sent: false },
  });
}
