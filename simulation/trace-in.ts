import type { Execution } from '@loopwright/engine';

/** The trace that an execution began with: the one of its input. */
export function traceIn({ input }: Pick<Execution, 'input'>): readonly string[] {
  return (input as { trace?: string[] }).trace ?? [];
}
