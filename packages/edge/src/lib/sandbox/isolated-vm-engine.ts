import ivm from 'isolated-vm';
import type { Engine, EngineAnswer, EngineLimits, LoadOptions, LoadedProgram } from './engine.ts';
import { guestSource } from './guest-source.ts';
import { TimerBudget } from './timer-budget.ts';

type Invoke = ivm.Reference<(code: string, input: string, inParts: boolean, isLocked: boolean) => string>;

/** How isolated-vm begins its message. */
const TIMED_OUT = 'Script execution timed out';

interface Room {
  readonly isolate: ivm.Isolate;
  readonly bootstrap: ivm.Script;
}

/** Where a program runs: globals of its own, in the isolate of the room. */
interface Scene {
  readonly context: ivm.Context;
  readonly invoke: Invoke;
}

/**
 * An isolate of V8 per program. An isolate that ran into its time or memory limit is thrown away, and the next call starts
 * from the code again: half a run must not be seen by the next one.
 */
export function isolatedVmEngine(limits: EngineLimits): Engine {
  const bootstrap = guestSource(limits.outputLimitChars, limits.messageLimitChars);
  const budget = new TimerBudget(limits.timeoutMs);
  return { name: 'isolated-vm', load: (code, options) => loadProgram(code, bootstrap, { ...limits, ...options }, budget) };
}

function loadProgram(code: string, bootstrap: string, limits: EngineLimits & LoadOptions, budget: TimerBudget): LoadedProgram {
  let room: Room | undefined;
  let scene: Scene | undefined;
  const inParts = limits.inParts === true;
  const isLocked = limits.state === 'none';
  const dispose = (): void => {
    const old = room;
    [room, scene] = [undefined, undefined];
    if (old !== undefined && !old.isolate.isDisposed) old.isolate.dispose();
  };
  return {
    dispose,
    timeoutMs: limits.timeoutMs,
    call: (inputJson, limitMs = limits.timeoutMs): EngineAnswer => {
      // Not the figure of isolated-vm, which goes on while the thread waits for a processor.
      const began = inParts ? process.threadCpuUsage() : undefined;
      try {
        const timer = budget.take(performance.now()) ? { timeout: limitMs } : {};
        const first = scene === undefined;
        room ??= openRoom(bootstrap, limits.memoryLimitMb);
        scene ??= openScene(room);
        const { invoke } = scene;
        const started = performance.now();
        let text: unknown = invoke.applySync(undefined, [first ? code : '', inputJson, inParts, isLocked], timer);
        // What the program put off has run by now: V8 drains its microtasks at the end of a call, within the limit.
        while (text === 'f') {
          const leftMs = Math.ceil(limitMs - (performance.now() - started));
          if (leftMs <= 0) throw new Error(TIMED_OUT);
          text = invoke.applySync(
            undefined,
            ['', '', inParts, isLocked],
            budget.take(performance.now()) ? { timeout: leftMs } : {},
          );
        }
        if (limits.state === 'fresh') {
          closeScene(scene);
          scene = undefined;
        }
        return readAnswer(text);
      } catch (error) {
        const message = error instanceof Error ? error.message : 'unknown error';
        const isOutOfMemory = room?.isolate.isDisposed === true;
        dispose();
        if (message.startsWith(TIMED_OUT)) {
          const cpu = began === undefined ? {} : { cpuMs: processorMsSince(began) };
          return { status: 'timeout', message: `The program ran longer than ${limits.timeoutMs} ms`, ...cpu };
        }
        if (isOutOfMemory) return { status: 'error', message: `The program used more than ${limits.memoryLimitMb} MB of memory` };
        return { status: 'error', message: `The program failed: ${message.slice(0, limits.messageLimitChars)}` };
      }
    },
  };
}

function processorMsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(began);
  return (user + system) / 1000;
}

function openRoom(bootstrap: string, memoryLimitMb: number): Room {
  const isolate = new ivm.Isolate({ memoryLimit: memoryLimitMb });
  return { isolate, bootstrap: isolate.compileScriptSync(bootstrap) };
}

function openScene({ isolate, bootstrap }: Room): Scene {
  const context = isolate.createContextSync();
  return { context, invoke: bootstrap.runSync(context, { reference: true }) };
}

function closeScene({ context, invoke }: Scene): void {
  invoke.release();
  context.release();
}

function readAnswer(text: unknown): EngineAnswer {
  if (typeof text === 'string' && text.startsWith('s')) return { status: 'success', output: text.slice(1) };
  if (typeof text === 'string' && text.startsWith('e')) return { status: 'error', message: text.slice(1) };
  return { status: 'error', message: 'The program gave no answer' };
}
