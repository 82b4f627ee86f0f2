// Runs in the sandbox in the place of the timers of Node. There is no waiting in the sandbox: when all that was put off has run, the next timer is due at
// once, in the order of their times. So tests of what waits take no time, and a timer that goes on for ever is a loop like any other.

interface Timer {
  readonly due: number;
  readonly everyMs: number | undefined;
  readonly run: () => unknown;
  isWaitedFor: boolean;
}
type Callback = (...rest: unknown[]) => unknown;
/** What `setTimeout` gives. */
interface Handle {
  readonly ref: () => Handle;
  readonly unref: () => Handle;
  readonly hasRef: () => boolean;
  readonly [Symbol.toPrimitive]: () => number;
}

const timers = new Map<number, Timer>();
let now = 0;
let lastId = 0;

function start(run: () => unknown, delay: unknown, isRepeated: boolean): Handle {
  if (typeof run !== 'function') throw new TypeError('The "callback" argument must be of type function');
  const ms = Math.max(1, Number(delay) || 1);
  lastId += 1;
  const id = lastId;
  const timer: Timer = { due: now + ms, everyMs: isRepeated ? ms : undefined, run, isWaitedFor: true };
  timers.set(id, timer);
  const waitFor = (isWaitedFor: boolean): Handle => {
    timer.isWaitedFor = isWaitedFor;
    return handle;
  };
  const handle: Handle = {
    ref: () => waitFor(true),
    unref: () => waitFor(false),
    hasRef: () => timer.isWaitedFor,
    [Symbol.toPrimitive]: () => id,
  };
  return handle;
}

const stop = (handle: unknown): void => void timers.delete(Number(handle));
const later = (callback: Callback, ms?: unknown, ...rest: unknown[]): Handle => start(() => callback(...rest), ms, false);
const soon = (callback: Callback, ...rest: unknown[]): Handle => start(() => callback(...rest), 0, false);

/** Runs the timer that is due next, as long as one is waited for; says whether there was one. Throws what it throws. */
export function runNextTimer(): boolean {
  let nextId: number | undefined;
  let next: Timer | undefined;
  let isWaitedFor = false;
  for (const [id, timer] of timers) {
    isWaitedFor ||= timer.isWaitedFor;
    if (next === undefined || timer.due < next.due) [nextId, next] = [id, timer];
  }
  if (!isWaitedFor || next === undefined || nextId === undefined) return false;
  now = next.due;
  timers.delete(nextId);
  if (next.everyMs !== undefined) timers.set(nextId, { ...next, due: now + next.everyMs });
  next.run();
  return true;
}

/** What stands for `node:timers/promises`. */
export const timersModule: { readonly setTimeout: Callback; readonly setImmediate: Callback } = Object.freeze({
  setTimeout: async (ms: unknown, value: unknown) => new Promise((resolve) => later(() => resolve(value), ms)),
  setImmediate: async (value: unknown) => new Promise((resolve) => soon(() => resolve(value))),
});

Object.assign(globalThis, {
  setTimeout: later,
  setInterval: (callback: Callback, ms?: unknown, ...rest: unknown[]) => start(() => callback(...rest), ms, true),
  setImmediate: soon,
  clearTimeout: stop,
  clearInterval: stop,
  clearImmediate: stop,
  queueMicrotask: async (callback: () => unknown) => {
    await Promise.resolve();
    callback();
  },
});
