import type { CallFunction } from '@loopwright/engine';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './tracing.ts';

/** The same functions, each run of a step in a span of its own and measured. What a replay finds in the journal is not run, so it is not seen either. */
export function observedFunctions<Name extends string>(
  functions: Readonly<Record<Name, CallFunction>>,
  { tracing, metrics }: { tracing: Tracing; metrics: () => Metrics | undefined },
): Record<Name, CallFunction> {
  const observed = Object.entries<CallFunction>(functions).map(([name, definition]): [string, CallFunction] => [
    name,
    {
      ...definition,
      run: (invocation) =>
        definition.run({
          ...invocation,
          step: (run, label) =>
            invocation.step(async (attempt) => {
              const began = performance.now();
              let outcome: 'done' | 'failed' = 'failed';
              try {
                const result = await tracing.step(invocation.execution.executionId, `step ${name}`, () => run(attempt));
                outcome = 'done';
                return result;
              } finally {
                metrics()?.step((performance.now() - began) / 1000, { function: name, outcome });
              }
            }, label),
        }),
    },
  ]);
  return Object.fromEntries(observed) as Record<Name, CallFunction>;
}
