import { type FunctionCatalogue, defineFunction } from '@loopwright/engine';
import { z } from 'zod';

/** What the definitions of the test servers call. `hold` waits for the gate, and `onAbort` hears of its AbortSignal. */
export function testFunctions(gate: Promise<null>, onAbort: () => void): FunctionCatalogue {
  const attempts = new Map<string, number>();
  return {
    note: defineFunction({
      description: 'Gives a value',
      arguments: z.strictObject({ value: z.json() }),
      run: ({ args, step }) => step(async () => args.value),
    }),
    hold: defineFunction({
      description: 'Waits until the test lets it go',
      arguments: z.strictObject({}),
      run: ({ step }) =>
        step(({ signal }) => {
          signal.addEventListener('abort', onAbort);
          return gate;
        }),
    }),
    shout: defineFunction({
      description: 'Fails at first, with a long message',
      arguments: z.strictObject({ characters: z.number(), times: z.number() }),
      run: ({ args: { characters, times }, step }) =>
        step(async ({ idempotencyKey }) => {
          const attempt = (attempts.get(idempotencyKey) ?? 0) + 1;
          attempts.set(idempotencyKey, attempt);
          if (attempt <= times) throw new Error('x'.repeat(characters));
          return attempt;
        }),
    }),
  };
}
