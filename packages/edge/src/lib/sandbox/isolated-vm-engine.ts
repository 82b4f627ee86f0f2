import ivm from 'isolated-vm';
import type { Engine, EngineAnswer, EngineLimits, LoadedProgram } from './engine.ts';
import { guestSource } from './guest-source.ts';
import { TimerBudget } from './timer-budget.ts';

type Invoke = ivm.Reference<(code: string, input: string) => string>;

interface Room {
  readonly isolate: ivm.Isolate;
  readonly invoke: Invoke;
}

/**
 * An isolate of V8 per program. An isolate that ran into its time or memory limit is thrown away, and the next call starts
 * from the code again: half a run must not be seen by the next one.
 */
export function isolatedVmEngine(limits: EngineLimits): Engine {
  const bootstrap = guestSource(limits.outputLimitChars, limits.messageLimitChars);
  const budget = new TimerBudget(limits.timeoutMs);
  return { name: 'isolated-vm', load: (code) => loadProgram(code, bootstrap, limits, budget) };
}

function loadProgram(code: string, bootstrap: string, limits: EngineLimits, budget: TimerBudget): LoadedProgram {
  let room: Room | undefined;
  const dispose = (): void => {
    const old = room;
    room = undefined;
    if (old !== undefined && !old.isolate.isDisposed) old.isolate.dispose();
  };
  return {
    dispose,
    call: (inputJson): EngineAnswer => {
      try {
        const timer = budget.take(performance.now()) ? { timeout: limits.timeoutMs } : {};
        const first = room === undefined;
        room ??= openRoom(bootstrap, limits.memoryLimitMb);
        const text: unknown = room.invoke.applySync(undefined, [first ? code : '', inputJson], timer);
        return readAnswer(text);
      } catch (error) {
        const message = error instanceof Error ? error.message : 'unknown error';
        const isOutOfMemory = room?.isolate.isDisposed === true;
        dispose();
        if (message.startsWith('Script execution timed out')) {
          return { status: 'timeout', message: `The program ran longer than ${limits.timeoutMs} ms` };
        }
        if (isOutOfMemory) return { status: 'error', message: `The program used more than ${limits.memoryLimitMb} MB of memory` };
        return { status: 'error', message: `The program failed: ${message.slice(0, limits.messageLimitChars)}` };
      }
    },
  };
}

function openRoom(bootstrap: string, memoryLimitMb: number): Room {
  const isolate = new ivm.Isolate({ memoryLimit: memoryLimitMb });
  const invoke = isolate.createContextSync().evalSync(bootstrap, { reference: true }) as unknown as Invoke;
  return { isolate, invoke };
}

function readAnswer(text: unknown): EngineAnswer {
  if (typeof text === 'string' && text.startsWith('s')) return { status: 'success', output: text.slice(1) };
  if (typeof text === 'string' && text.startsWith('e')) return { status: 'error', message: text.slice(1) };
  return { status: 'error', message: 'The program gave no answer' };
}
