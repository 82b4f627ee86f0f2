import type { ModuleTrace } from '@loopwright/module-sdk';
import type { Sandbox } from './sandbox.ts';

/** The same sandbox, each call a span of the request that it is made for. */
export function tracedSandbox(sandbox: Sandbox, trace: ModuleTrace): Sandbox {
  return {
    run: (program, inputJson) =>
      trace.span(
        'sandbox call',
        () => sandbox.run(program, inputJson),
        ({ status, latencyMs }) => ({ 'program.status': status, 'program.latency_ms': latencyMs }),
      ),
    prepare: (language, program) => sandbox.prepare(language, program),
    health: () => sandbox.health(),
    close: () => sandbox.close(),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}
