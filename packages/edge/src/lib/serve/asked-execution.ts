import type { Clock, ExecutionRecord } from '@loopwright/protocol';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Watching } from '../watching/watching.ts';
import type { Execution, ExecutionTools } from './execute-once.ts';

/** What a caller may ask of one execution. */
export interface AskedExecution {
  readonly forceValidation: boolean;
  /** Milliseconds; left out: what the sandbox allows, which goes before this in any case. */
  readonly timeoutMs?: number | undefined;
}

/** What came of it; `record` is `undefined` where nothing was to be recorded. */
export interface AnsweredExecution {
  readonly execution: Execution;
  readonly record: ExecutionRecord | undefined;
}

/** What it works with. */
interface AskedTools extends ExecutionTools {
  readonly watching: Pick<Watching, 'choose' | 'observe' | 'mayAsk'>;
}

/** Runs something with tools that do what the caller asked for, and tells what was recorded of it. */
export async function executeAsAsked<Tools extends AskedTools>(
  tools: Tools,
  { forceValidation, timeoutMs }: AskedExecution,
  run: (tools: Omit<Tools, keyof AskedTools> & ExecutionTools) => Promise<Execution>,
): Promise<AnsweredExecution> {
  const { watching, sandbox, clock } = tools;
  let record: ExecutionRecord | undefined;
  const execution = await run({
    ...tools,
    ...(timeoutMs === undefined ? {} : { sandbox: withDeadline(sandbox, timeoutMs, clock) }),
    watching: {
      choose: (taskId, candidate) =>
        watching.choose(taskId, candidate) ?? (forceValidation && watching.mayAsk(taskId) ? 'forced' : undefined),
      observe: (watched) => {
        ({ record } = watched);
        watching.observe(watched);
      },
    },
  });
  return { execution, record };
}

/** Answers `timeout` at a caller's own limit. What runs is stopped by the sandbox, at the limit of the sandbox. */
function withDeadline(sandbox: Sandbox, timeoutMs: number, clock: Clock): Sandbox {
  return {
    run: async (program, inputJson) => {
      const late = Promise.withResolvers<Awaited<ReturnType<Sandbox['run']>>>();
      const message = `The program ran longer than the ${timeoutMs} ms that the request gave it`;
      const stop = clock.schedule(timeoutMs, () => late.resolve({ status: 'timeout', message, latencyMs: timeoutMs }));
      const result = sandbox.run(program, inputJson);
      // Who is late may fail, and nobody waits any more.
      result.catch(() => undefined);
      return Promise.race([result, late.promise]).finally(stop);
    },
    prepare: (language, program) => sandbox.prepare(language, program),
    health: () => sandbox.health(),
    close: () => sandbox.close(),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}
